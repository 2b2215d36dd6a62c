// The address that the window shows. What stands behind # stays there, unless it belongs to the page.
const address = hash => hash ? location.href : location.href.split('#')[0]
