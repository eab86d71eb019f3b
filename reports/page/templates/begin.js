// Tells the style sheet that scripts run, before anything is shown. If the page's own script does not follow, as in an
// old browser that cannot read it, the page is shown as without scripts.
document.documentElement.dataset.scripts = "begun";
addEventListener("load", function () {
  if (document.documentElement.dataset.scripts === "begun") delete document.documentElement.dataset.scripts;
});
