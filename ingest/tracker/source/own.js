// The tag of /tracker.js: data-domain, data-api, data-hash. Where the script is served under a path
// of the site's own, views go to the same one.
const tag = document.currentScript || document.querySelector('script[data-domain]')
const site = tag.dataset.domain
const hash = 'hash' in tag.dataset || undefined
const endpoint = tag.dataset.api || new URL('page-views/browser', tag.src).href
if (!again(endpoint, site)) {
  watch(referrer => {
    quiet() || post(endpoint, {url: address(hash), referrer, site, hash})
  }, hash, ['pushState', 'replaceState'])
}
