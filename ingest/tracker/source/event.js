// An event as `window.plausible` is called with it. Of its options what counts views is sent; props
// and revenue stay in the browser.
const event = (endpoint, site, how) => (name, {callback, u} = {}, referrer = document.referrer) => {
  const view = name == 'pageview'
  let content = {n: name, u: u || address(how.hash), d: site, r: referrer || null}
  if (how.hash) content.h = 1
  if (quiet(how.local) || view && how.excluded && how.excluded()) content = null
  if (content && how.transform) content = how.transform(content)
  if (content) post(endpoint, content, callback)
  else if (callback) callback()
}
// Take the place of what was called before this script was there, and do that now.
const replace = (called, member) => {
  const early = window.plausible && window.plausible.q || []
  window.plausible = called
  Object.assign(called, member, {l: true})
  for (const each of early) called.apply(null, each)
}
