// Numbers as people write them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNumber, plainNumber } from '../../dist/records/number.js';

test('a number has one plain form, however it is written, and numbers that differ have others', () => {
  const written = fc.record({
    sign: fc.constantFrom('', '+', '-'),
    zeros: fc.nat(3),
    whole: fc.stringMatching(/^(?:0|[1-9]\d{0,20})$/),
    fraction: fc.stringMatching(/^(?:\d{0,8}[1-9])?$/),
    end: fc.nat(3),
  });
  fc.assert(
    fc.property(written, ({ sign, zeros, whole, fraction, end }) => {
      const point = fraction !== '' || end > 0 ? '.' : '';
      const text = `${sign}${'0'.repeat(zeros)}${whole}${point}${fraction}${'0'.repeat(end)}`;
      const size = fraction === '' ? whole : `${whole}.${fraction}`;
      expect(isNumber(text)).toBe(true);
      expect(plainNumber(text)).toBe(sign === '-' && size !== '0' ? `-${size}` : size);
    }),
  );
  const same = [
    ['.5', '0.50', '5e-1'],
    ['100', '1e2', '1E+2', '100.'],
    ['-0', '0', '0e9', '.0'],
    ['1e300', '1E300'],
  ];
  for (const forms of same) expect(new Set(forms.map(plainNumber)).size, forms.join()).toBe(1);
});
