// The tag of /js/script.js and its like: data-domain, data-api.
const tag = document.currentScript || document.querySelector('script[data-domain]')
const site = tag.dataset.domain
const endpoint = tag.dataset.api || new URL(tag.src).origin + '/api/event'
if (!again(endpoint, site)) {
  const send = event(endpoint, site, {hash, local, excluded})
  if (!manual) watch(referrer => send('pageview', {}, referrer), hash, ['pushState'])
  replace((name, options) => send(name, options))
}
