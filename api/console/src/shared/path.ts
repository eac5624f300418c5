/** An id as a part of a path: a facility's own slashes stay, the rest is escaped. */
export const inPath = (id: string): string => id.split("/").map(encodeURIComponent).join("/");
