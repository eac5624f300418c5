/** Passwords that can be read out on the telephone: syllables of one consonant and one vowel that no ear confuses. */
const CONSONANTS = "bdgjklmnprstvy";
const VOWELS = "aiueo";
const WORDS = 3;
const SYLLABLES = 3;

/** A random letter, each as likely as the others: bytes beyond the last whole multiple are thrown away. */
function letter(of: string): string {
  const byte = new Uint8Array(1);
  const limit = 256 - (256 % of.length);
  do crypto.getRandomValues(byte);
  while ((byte[0] ?? 0) >= limit);
  return of[(byte[0] ?? 0) % of.length] ?? "";
}

/** Nine syllables of 70, in three words: 55 bits. */
export function generated(): string {
  const word = () => Array.from({ length: SYLLABLES }, () => letter(CONSONANTS) + letter(VOWELS)).join("");
  return Array.from({ length: WORDS }, word).join("-");
}
