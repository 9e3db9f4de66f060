const DOT = 46;
const ZERO = 48;
const NINE = 57;
/** More digits are no number of a layer. */
const MAX_DIGITS = 9;

/**
 * Writes 0 for every key of a name that is a number of at most nine digits, so
 * that names of one kind become equal.
 */
export function numbersOut(
  name: string,
): { plain: string; numbers: readonly string[] } {
  let plain = "";
  let written = 0;
  const numbers: string[] = [];
  let begin = 0;
  let isNumber = true;
  for (let at = 0; at <= name.length; at++) {
    const code = at < name.length ? name.charCodeAt(at) : DOT;
    if (code !== DOT) {
      if (code < ZERO || code > NINE) isNumber = false;
      continue;
    }
    if (isNumber && at > begin && at - begin <= MAX_DIGITS) {
      numbers.push(name.slice(begin, at));
      plain += `${name.slice(written, begin)}0`;
      written = at;
    }
    begin = at + 1;
    isNumber = true;
  }
  return { plain: written === 0 ? name : plain + name.slice(written), numbers };
}
