import { name } from "./names.js";

export const open = (element) => {
  element.dataset[name] = "yes";
};
