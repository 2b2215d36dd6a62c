// The tag of /js/pa-<id>.js has no data-*: a line in the page calls plausible.init(options), before
// this script or after it. Events wait for that.
const origin = new URL(document.currentScript.src).origin
let send
const waiting = []
const init = (options = {}) => {
  const {endpoint = origin + '/api/event', domain = location.hostname} = options
  if (send) return
  const hash = options.hashBasedRouting
  const how = {hash, local: options.captureOnLocalhost, transform: options.transformRequest}
  send = event(endpoint, domain, how)
  if (options.autoCapturePageviews !== false) {
    watch(referrer => send('pageview', {}, referrer), hash, ['pushState'])
  }
  waiting.forEach(each => send(...each))
}
if (!again('init', origin)) {
  const given = window.plausible && window.plausible.o
  replace((...call) => send ? send(...call) : waiting.push(call), {init})
  if (given) init(given)
}
