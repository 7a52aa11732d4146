/* The page says that its script ran. */
document.documentElement.dataset.script = "ran";
