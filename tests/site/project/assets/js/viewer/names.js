export const name = "open";
