// The chart as a PNG: what is seen, on a canvas, with what it is of. No image is loaded: the page may load none of its own making.

const SCALE = 2;
const EDGE = 24;

/**
 * Draws what is in `svg`, with the colours it has now.
 * @param {SVGSVGElement} svg as it is on the page
 * @param {string} title
 * @param {string[]} notes lines below the title
 * @returns {Promise<Blob>} a PNG
 */
export function picture(svg, title, notes) {
  const [width, height] = [svg.width.baseVal.value, svg.height.baseVal.value];
  const canvas = document.createElement('canvas');
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const look = getComputedStyle(document.body);
  const line = parseFloat(look.fontSize) * 1.5;
  const head = EDGE + line * (1 + notes.length);
  canvas.width = (width + 2 * EDGE) * SCALE;
  canvas.height = (head + height + EDGE) * SCALE;
  pen.scale(SCALE, SCALE);
  pen.fillStyle = look.backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = look.color;
  [title, ...notes].forEach((text, at) => {
    pen.font = `${at ? 400 : 600} ${look.fontSize} ${look.fontFamily}`;
    pen.fillText(text, EDGE, EDGE + line * (at + 0.5), width);
  });
  pen.translate(EDGE, head);
  for (const shape of svg.querySelectorAll('.shapes > *')) draw(pen, /** @type {SVGElement} */ (shape));
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'));
}

/**
 * Has the browser save it.
 * @param {Blob} blob
 * @param {string} name of the file
 */
export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {CanvasRenderingContext2D} pen @param {SVGElement} shape */
function draw(pen, shape) {
  const look = getComputedStyle(shape);
  pen.fillStyle = paint(pen, look.fill);
  pen.strokeStyle = paint(pen, look.stroke);
  pen.lineWidth = parseFloat(look.strokeWidth);
  pen.lineJoin = 'round';
  pen.setLineDash(look.strokeDasharray === 'none' ? [] : look.strokeDasharray.split(',').map(parseFloat));
  const [fills, strokes] = [look.fill !== 'none', look.stroke !== 'none'];
  if (shape.tagName === 'text') {
    pen.font = `${look.fontWeight} ${look.fontSize} ${look.fontFamily}`;
    pen.textAlign = /** @type {CanvasTextAlign} */ ({ middle: 'center', end: 'end' }[shape.getAttribute('text-anchor') ?? ''] ?? 'start');
    const [x, y] = [number(shape, 'x'), number(shape, 'y')];
    if (strokes) pen.strokeText(shape.textContent ?? '', x, y);
    pen.fillText(shape.textContent ?? '', x, y);
    return;
  }
  const path = outline(shape);
  if (fills) pen.fill(path);
  if (strokes) pen.stroke(path);
}

/** @param {SVGElement} shape */
function outline(shape) {
  if (shape.tagName === 'path') return new Path2D(shape.getAttribute('d') ?? '');
  const path = new Path2D();
  if (shape.tagName === 'rect') path.rect(number(shape, 'x'), number(shape, 'y'), number(shape, 'width'), number(shape, 'height'));
  else {
    path.moveTo(number(shape, 'x1'), number(shape, 'y1'));
    path.lineTo(number(shape, 'x2'), number(shape, 'y2'));
  }
  return path;
}

/** @param {Element} shape @param {string} name */
const number = (shape, name) => Number(shape.getAttribute(name));

/** A colour, or a pattern of the page as one of the canvas. @param {CanvasRenderingContext2D} pen @param {string} value */
function paint(pen, value) {
  const id = /url\("?#([^")]+)/.exec(value)?.[1];
  const found = id && document.getElementById(id);
  if (!found) return value;
  const stroke = getComputedStyle(/** @type {Element} */ (found.firstElementChild));
  const tile = document.createElement('canvas');
  const size = number(found, 'width');
  tile.width = tile.height = size * SCALE;
  const inner = /** @type {CanvasRenderingContext2D} */ (tile.getContext('2d'));
  inner.fillStyle = stroke.stroke;
  inner.fillRect(0, 0, parseFloat(stroke.strokeWidth) * SCALE, size * SCALE);
  const pattern = /** @type {CanvasPattern} */ (pen.createPattern(tile, 'repeat'));
  pattern.setTransform(new DOMMatrix().rotate(45).scale(1 / SCALE));
  return pattern;
}
