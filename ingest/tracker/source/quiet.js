// Is nothing to be sent from here: a page that is no website's, a browser that a program drives, a
// person who does not want to be counted? Storage is read, never written.
const quiet = local => {
  if (navigator.webdriver || !/^http/.test(location.protocol)) return true
  if (!local && /^(localhost|127\.[\d.]+|\[::1])$/.test(location.hostname)) return true
  try {
    return localStorage.footfall_ignore == 'true' || localStorage.plausible_ignore == 'true'
  } catch (forbidden) {
    return false
  }
}
