// A sidecar that says nothing and does not notice that its packets or its daemon are gone.
setInterval(() => {}, 1_000);
