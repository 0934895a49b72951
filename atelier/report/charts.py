"""Training curves as inline SVG, drawn by pygal in the page's colours: they follow light, dark and print."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pygal
from pygal.style import Style

from atelier.report.curves import Curve

# pygal leaves a finder of the old import protocol behind, for map plugins: importlib warns, pytest breaks.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

_FEW_POINTS = 30
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="var(--muted)",
    foreground_strong="var(--muted)",
    foreground_subtle="var(--line)",
    colors=("var(--candidate)", "var(--second)"),
    value_colors=("var(--card)", "var(--card)"),
    value_font_size=12,
    font_family="inherit",
    label_font_size=11,
    major_label_font_size=11,
    title_font_size=12,
    guide_stroke_color="var(--line)",
    guide_stroke_dasharray="0",
    major_guide_stroke_color="var(--line)",
    major_guide_stroke_dasharray="0",
    opacity="1",
    opacity_hover="1",
    stroke_opacity="1",
    stroke_width="2",
    transition="0s",
)
_CHARTS = (
    ("Loss", {"reduced_train_loss": "training loss", "val_loss": "validation loss"}),
    ("Reward accuracy", {"reward_accuracy": "reward accuracy"}),
    ("Reward margin", {"reward_margin": "reward margin"}),
)


@dataclass(frozen=True)
class Chart:
    """A figure: its title, each of its lines in words, in the order of their colours, and the SVG."""

    title: str
    lines: tuple[str, ...]
    svg: str


def draw(curves: Mapping[str, Curve], *, key: str) -> list[Chart]:
    """One chart for each group of curves that the job logged; `key` makes their ids unique in the page."""
    charts: list[Chart] = []
    for title, labels in _CHARTS:
        present = {label: curves[name] for name, label in labels.items() if name in curves}
        if present:
            charts.append(Chart(title, _in_words(present), _svg(present, f"{key}-{len(charts)}")))
    return charts


def draw_bars(bars: Mapping[str, int], *, key: str) -> str:
    """A count for each label as horizontal bars, the first on top; `key` makes ids unique in the page."""
    height = 60 + 26 * len(bars)
    chart = pygal.HorizontalBar(**_figure(height), print_values=True, show_y_labels=True, show_x_labels=False)
    chart.uuid = f"chart-{key}"
    chart.add_xml_filter(_without_scripts)
    chart.x_labels = list(bars)[::-1]
    chart.add("", list(bars.values())[::-1])
    svg: str = chart.render(is_unicode=True)
    return svg


def _svg(series: Mapping[str, Curve], key: str) -> str:
    chart = pygal.XY(**_figure(240), dots_size=2.5, x_title="step", min_scale=4, max_scale=7)
    chart.uuid = f"chart-{key}"
    chart.add_xml_filter(_without_scripts)
    for label, curve in series.items():
        chart.add(label, list(curve), show_dots=len(curve) < _FEW_POINTS)
    svg: str = chart.render(is_unicode=True)
    return svg


def _figure(height: int) -> dict[str, Any]:
    """What all charts have in common."""
    return {
        "style": _STYLE,
        "js": (),
        "disable_xml_declaration": True,
        "explicit_size": False,
        "width": 760,
        "height": height,
        "margin": 4,
        "show_legend": False,
    }


def _without_scripts(root: Any) -> Any:
    """The drawing alone: pygal adds a script, which a report must not have, and comments with a date."""
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag.endswith("script"):
                parent.remove(child)
    return root


def _in_words(series: Mapping[str, Curve]) -> tuple[str, ...]:
    return tuple(
        f"{label} from {curve[0][1]:.4g} to {curve[-1][1]:.4g} at step {curve[-1][0]:g}"
        for label, curve in series.items()
    )
