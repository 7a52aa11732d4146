export const shared = "shared"
