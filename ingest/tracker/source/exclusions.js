// Is the page shown one that the tag leaves out? In its lists * is any part of a path, ** any parts.
const listed = patterns => patterns.split(',').some(pattern =>
  new RegExp(`^${pattern.trim()
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, stars => stars[1] ? '.*' : '[^/]*')}/?$`)
    .test(location.pathname + (hash ? location.hash : '')))
const excluded = () => {
  const {include, exclude} = tag.dataset
  return include && !listed(include) || exclude && listed(exclude)
}
