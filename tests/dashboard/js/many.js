/**
 * Calls `check` with a source of numbers in [0, 1), the same ones each time that tests run.
 * @param {number} times
 * @param {(random: () => number) => void} check
 */
export function many(times, check) {
  let state = 0x2545f491;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let time = 0; time < times; time++) check(random);
}
