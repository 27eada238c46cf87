"use strict";
(function () {
  const root = document.documentElement;
  root.classList.add("js");

  function all(selector, within) {
    return Array.from((within || document).querySelectorAll(selector));
  }
  function values(name, within) {
    const element = within.querySelector("script." + name);
    return element === null ? null : JSON.parse(element.textContent);
  }

  // Light and dark: remembered only while the page is open.
  const switches = all("button.theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    return root.dataset.theme === undefined ? system.matches : root.dataset.theme === "dark";
  }
  function nameSwitches() {
    switches.forEach(function (button) { button.textContent = isDark() ? "Light" : "Dark"; });
  }
  switches.forEach(function (button) {
    button.addEventListener("click", function () {
      root.dataset.theme = isDark() ? "light" : "dark";
      nameSwitches();
    });
  });
  system.addEventListener("change", nameSwitches);
  nameSwitches();

  // One cluster alone: in the map, the charts and the tables of its run.
  function Highlight(run) {
    let pinned = null;
    const overlays = [];
    const buttons = all("button[data-cluster]", run);
    this.onMap = function (draw) { overlays.push(draw); };
    function show(label) {
      all(".series", run).forEach(function (series) {
        const isOfCluster = /(^| )c\d+( |$)/.test(series.getAttribute("class"));
        const isOther = label !== null && isOfCluster && !series.classList.contains("c" + label);
        series.classList.toggle("dim", isOther);
      });
      all("tr[data-cluster]", run).forEach(function (row) {
        row.classList.toggle("lit", label !== null && row.dataset.cluster === label);
      });
      overlays.forEach(function (draw) { draw(label === null ? null : Number(label)); });
    }
    buttons.forEach(function (button) {
      button.addEventListener("click", function () {
        pinned = pinned === button.dataset.cluster ? null : button.dataset.cluster;
        buttons.forEach(function (other) {
          other.setAttribute("aria-pressed", String(other.dataset.cluster === pinned));
        });
        show(pinned);
      });
    });
    all("[data-cluster]", run).forEach(function (element) {
      ["pointerenter", "focus"].forEach(function (name) {
        element.addEventListener(name, function () { show(element.dataset.cluster); });
      });
      ["pointerleave", "blur"].forEach(function (name) {
        element.addEventListener(name, function () { show(pinned); });
      });
    });
  }

  // The pixels of a picture, as red, green, blue and opacity.
  function pixelsOf(image) {
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  }

  function MapPart(part, highlight) {
    const data = values("map-data", part);
    const views = part.querySelector(".map-views");
    const labelImage = views.querySelector(".labels .pixels");
    const densityImage = views.querySelector(".density .pixels");
    const readout = part.querySelector(".readout");
    const first = readout.textContent;
    const clusters = {};
    data.clusters.forEach(function (cluster) {
      clusters[parseInt(cluster.colour.slice(1), 16)] = cluster;
    });
    let labels = null, densities = null;
    function read() {
      if (labels === null && labelImage.complete) { labels = pixelsOf(labelImage); }
      if (densities === null && densityImage !== null && densityImage.complete) {
        densities = pixelsOf(densityImage);
      }
    }
    function colourAt(pixels, x, y) {
      const column = Math.min(pixels.width - 1, Math.floor(x * pixels.width));
      const row = Math.min(pixels.height - 1, Math.floor(y * pixels.height));
      const place = 4 * (row * pixels.width + column);
      const bytes = pixels.data;
      return bytes[place + 3] === 0
        ? null : bytes[place] * 65536 + bytes[place + 1] * 256 + bytes[place + 2];
    }
    function tell(x, y) {
      read();
      const colour = colourAt(labels, x, y);
      const cluster = clusters[colour];
      const what = colour === null ? "not analysed"
        : cluster !== undefined ? cluster.name + ", " + cluster.share + " of the analysed pixels"
        : "noise";
      let text = "Row " + Math.floor(y * data.height) + ", column " + Math.floor(x * data.width)
        + ": " + what;
      if (densities !== null) {
        const grey = colourAt(densities, x, y);
        if (grey !== null) {
          const share = Math.floor(grey / 65536) / 255;
          const od = data.od[0] + share * (data.od[1] - data.od[0]);
          const end = share === 0 ? "at most " : share === 1 ? "at least " : "about ";
          text += "; mean OD " + end + od.toFixed(2);
        }
      }
      readout.textContent = text;
    }

    // The wipe.
    const slider = part.querySelector(".wipe");
    function setWipe(share) {
      slider.value = String(Math.round(share));
      views.style.setProperty("--wipe", slider.value + "%");
      slider.setAttribute("aria-valuetext",
        "clusters on the left " + slider.value + " %, optical density on the rest");
    }
    if (densityImage !== null) {
      const line = document.createElement("span");
      line.className = "wipe-line";
      densityImage.parentElement.appendChild(line);
      const choices = all(".wipe-controls input[type=radio]", part);
      const choose = function () {
        const chosen = choices.find(function (choice) { return choice.checked; });
        const state = chosen === undefined ? "wipe" : chosen.value;
        views.dataset.state = state;
        views.parentElement.dataset.state = state;
        slider.disabled = state !== "wipe";
      };
      choices.forEach(function (choice) { choice.addEventListener("change", choose); });
      slider.addEventListener("input", function () { setWipe(Number(slider.value)); });
      setWipe(Number(slider.value));
      choose();
    }

    // What is under the pointer; pressed, it draws the line along.
    all(".frame", views).forEach(function (frame) {
      let isDrawing = false;
      function place(event) {
        const box = frame.getBoundingClientRect();
        return {
          x: Math.min(Math.max((event.clientX - box.left) / box.width, 0), 0.999999),
          y: Math.min(Math.max((event.clientY - box.top) / box.height, 0), 0.999999)
        };
      }
      frame.addEventListener("pointermove", function (event) {
        const at = place(event);
        tell(at.x, at.y);
        if (isDrawing) { setWipe(100 * at.x); }
      });
      frame.addEventListener("pointerdown", function (event) {
        const at = place(event);
        tell(at.x, at.y);
        if (views.dataset.state === "wipe") {
          isDrawing = true;
          frame.setPointerCapture(event.pointerId);
          setWipe(100 * at.x);
          event.preventDefault();
        }
      });
      ["pointerup", "pointercancel"].forEach(function (name) {
        frame.addEventListener(name, function () { isDrawing = false; });
      });
      frame.addEventListener("pointerleave", function () { readout.textContent = first; });
    });

    // All other clusters veiled.
    let canvas = null;
    highlight.onMap(function (label) {
      if (label === null) {
        if (canvas !== null) { canvas.hidden = true; }
        return;
      }
      read();
      if (canvas === null) {
        canvas = document.createElement("canvas");
        canvas.width = labels.width;
        canvas.height = labels.height;
        canvas.className = "pixels";
        labelImage.parentElement.appendChild(canvas);
      }
      const context = canvas.getContext("2d");
      const veil = context.createImageData(labels.width, labels.height);
      const tone = isDark() ? 20 : 255;
      const bytes = labels.data;
      for (let place = 0; place !== bytes.length; place += 4) {
        if (bytes[place + 3] === 0) { continue; }
        const cluster =
          clusters[bytes[place] * 65536 + bytes[place + 1] * 256 + bytes[place + 2]];
        if (cluster !== undefined && cluster.label === label) { continue; }
        veil.data[place] = veil.data[place + 1] = veil.data[place + 2] = tone;
        veil.data[place + 3] = 208;
      }
      context.putImageData(veil, 0, 0);
      canvas.hidden = false;
    });
  }

  // The values of the spectra at an energy.
  function SpectraPart(part) {
    const data = values("spectra-data", part);
    const area = part.querySelector("[data-axis]");
    const at = part.querySelector(".values .at");
    const spoken = part.querySelector(".spoken");
    const rows = all(".readings tbody tr", part);
    const first = at.textContent;
    let current = null;
    area.tabIndex = 0;

    const panels = all("g.panel", area).map(function (group) {
      const range = group.dataset.x.split(" ").map(Number);
      const frame = group.dataset.frame.split(" ").map(Number);
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("class", "cursor");
      line.setAttribute("visibility", "hidden");
      group.appendChild(line);
      return { group: group, line: line, low: range[0], high: range[1], left: frame[0],
        top: frame[1], width: frame[2], height: frame[3] };
    });

    function number(value, digits) {
      return value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
    }
    function show(place) {
      current = place;
      const energy = place === null ? null : data.energies[place];
      panels.forEach(function (panel) {
        const isIn = energy !== null && energy >= panel.low - 1e-9 && panel.high + 1e-9 >= energy;
        panel.line.setAttribute("visibility", isIn ? "visible" : "hidden");
        if (isIn) {
          const x = panel.left + (energy - panel.low) / (panel.high - panel.low) * panel.width;
          panel.line.setAttribute("d", "M" + x + " " + panel.top + "v" + panel.height);
        }
      });
      rows.forEach(function (row) {
        const spectrum = data.spectra.find(function (candidate) {
          return String(candidate.label) === row.dataset.cluster;
        });
        const isKnown = place !== null && spectrum !== undefined;
        row.querySelector(".mean").textContent = isKnown ? number(spectrum.mean[place], 4) : "–";
        row.querySelector(".deviation").textContent = isKnown ? number(spectrum.sd[place], 4) : "–";
      });
      if (energy === null) {
        at.textContent = first;
      } else {
        const strong = document.createElement("b");
        strong.textContent = energy + " eV";
        at.replaceChildren(strong);
      }
    }
    function speak() {
      const parts = rows.map(function (row) {
        return row.querySelector("th").textContent.trim() + " "
          + row.querySelector(".mean").textContent;
      });
      spoken.textContent = data.energies[current] + " eV: " + parts.join("; ");
    }
    function nearest(energy) {
      let best = 0;
      data.energies.forEach(function (candidate, place) {
        if (Math.abs(data.energies[best] - energy) > Math.abs(candidate - energy)) { best = place; }
      });
      return best;
    }

    area.addEventListener("pointermove", function (event) {
      const svg = event.target.closest("svg");
      const panel = panels.find(function (candidate) {
        return svg !== null && svg.contains(candidate.group);
      });
      if (panel === undefined) { return; }
      const box = svg.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
      const share = Math.min(Math.max((x - panel.left) / panel.width, 0), 1);
      show(nearest(panel.low + share * (panel.high - panel.low)));
    });
    area.addEventListener("pointerleave", function () {
      if (document.activeElement !== area) { show(null); }
    });
    area.addEventListener("blur", function () { show(null); });
    area.addEventListener("keydown", function (event) {
      const last = data.energies.length - 1;
      const from = current === null ? -1 : current;
      const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: last,
        PageDown: from + 10, PageUp: from - 10 }[event.key];
      if (to === undefined) {
        if (event.key === "Escape") { show(null); }
        return;
      }
      event.preventDefault();
      show(Math.min(Math.max(to, 0), last));
      speak();
    });
  }

  all("article.run").forEach(function (run) {
    const highlight = new Highlight(run);
    all("section", run).forEach(function (part) {
      if (part.querySelector("script.map-data") !== null) { new MapPart(part, highlight); }
      if (part.querySelector("script.spectra-data") !== null) { new SpectraPart(part); }
    });
  });
}());
