// Numbers as people write them: decimals, with an exponent or without.

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whether it is a finite decimal. Takes time by its length, whatever it is. */
export function isNumber(text: string): boolean {
  return DECIMAL.test(text) && Number.isFinite(Number(text));
}

/** A number without what does not change it: a plus, zeros around it, an exponent. */
export function plainNumber(text: string): string {
  const plain = /e/i.test(text) ? String(Number(text)) : text;
  if (plain.includes('e')) return plain; // too large or small to be written without
  const isNegative = plain.startsWith('-');
  let [start, end] = [isNegative || plain.startsWith('+') ? 1 : 0, plain.length];
  while (plain[start] === '0') start++;
  if (plain.includes('.')) {
    while (plain[end - 1] === '0') end--;
    if (plain[end - 1] === '.') end--;
  }
  const digits = plain.slice(start, end);
  const whole = digits === '' || digits.startsWith('.') ? `0${digits}` : digits;
  return isNegative && whole !== '0' ? `-${whole}` : whole;
}
