document.documentElement.dataset.more = "ran";
