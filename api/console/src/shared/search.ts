/** A text as it is compared with another: without accents and capitals. */
export const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** The words of what was typed, as they are compared. */
export const wordsOf = (typed: string): string[] => plain(typed).split(/\s+/).filter((one) => one !== "");

/** What tells whether a text has every word of what was typed, in whatever order. */
export function matcher(typed: string): (text: string) => boolean {
  const words = wordsOf(typed);
  return (text) => {
    const found = plain(text);
    return words.every((word) => found.includes(word));
  };
}
