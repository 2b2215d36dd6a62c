(() => {
const quiet = local => {
if (navigator.webdriver || !/^http/.test(location.protocol)) return true
if (!local && /^(localhost|127\.[\d.]+|\[::1])$/.test(location.hostname)) return true
try {
return localStorage.footfall_ignore == 'true' || localStorage.plausible_ignore == 'true'
} catch (forbidden) {
return false
}
}
const post = (endpoint, content, done = () => {}) => {
const body = JSON.stringify(content)
if (window.Request && 'keepalive' in Request.prototype) {
fetch(endpoint, {method: 'POST', body, keepalive: true, credentials: 'omit'}).then(
answer => done({status: answer.status}),
error => done({error}))
} else {
navigator.sendBeacon(endpoint, body)
done()
}
}
const again = (endpoint, site) => {
const name = `footfall ${endpoint} ${site}`
return window[name] || !(window[name] = true)
}
const address = hash => hash ? location.href : location.href.split('#')[0]
const watch = (send, hash, methods) => {
let last, referrer = document.referrer
const look = () => {
const path = location.pathname + (hash ? location.hash : '')
if (document.prerendering || document.visibilityState != 'visible' || path == last) return
last = path
send(referrer)
referrer = address(hash)
}
methods.forEach(method => {
const original = history[method]
history[method] = function () {
original.apply(this, arguments)
look()
}
})
addEventListener('popstate', look)
addEventListener('hashchange', look)
addEventListener('pageshow', event => {
if (event.persisted) {
last = 0
look()
}
})
document.addEventListener('visibilitychange', look)
document.addEventListener('prerenderingchange', look)
look()
}
const tag = document.currentScript || document.querySelector('script[data-domain]')
const site = tag.dataset.domain
const hash = 'hash' in tag.dataset || undefined
const endpoint = tag.dataset.api || new URL('page-views/browser', tag.src).href
if (!again(endpoint, site)) {
watch(referrer => {
quiet() || post(endpoint, {url: address(hash), referrer, site, hash})
}, hash, ['pushState', 'replaceState'])
}
})()
