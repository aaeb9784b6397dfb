// How ClickHouse writes a number down, whatever its spelling was.

export function numberName(text: string): string {
  if (/^[-+]?0[xXbB]/.test(text)) {
    const negative = text.startsWith('-');
    try {
      const value = BigInt(text.replace(/^[-+]/, ''));
      return `${negative ? '-' : ''}${value}`;
    } catch {
      return text;
    }
  }
  if (/^-?\d+$/.test(text)) return text;
  const value = Number(text);
  if (!Number.isFinite(value)) return text.toLowerCase();
  const shortest = String(value).replace('e+', 'e');
  return /^-?\d+$/.test(shortest) ? `${shortest}.` : shortest;
}
