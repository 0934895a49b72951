"""Training curves as inline SVG, drawn by pygal in the page's colours: they follow light, dark and print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pygal
from pygal.style import Style

from atelier.report.curves import Curve

_FEW_POINTS = 30
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="var(--muted)",
    foreground_strong="var(--muted)",
    foreground_subtle="var(--line)",
    colors=("var(--candidate)", "var(--second)"),
    font_family="inherit",
    label_font_size=11,
    major_label_font_size=11,
    legend_font_size=12,
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
    """A figure: its title, what it shows in words, and the SVG."""

    title: str
    summary: str
    svg: str


def draw(curves: Mapping[str, Curve], *, key: str) -> list[Chart]:
    """One chart for each group of curves that the job logged; `key` makes their ids unique in the page."""
    charts: list[Chart] = []
    for title, labels in _CHARTS:
        present = {label: curves[name] for name, label in labels.items() if name in curves}
        if present:
            charts.append(Chart(title, _summary(present), _svg(present, f"{key}-{len(charts)}")))
    return charts


def _svg(series: Mapping[str, Curve], key: str) -> str:
    chart = pygal.XY(
        style=_STYLE,
        js=(),
        disable_xml_declaration=True,
        explicit_size=False,
        width=760,
        height=240,
        margin=4,
        show_dots=any(len(curve) < _FEW_POINTS for curve in series.values()),
        dots_size=2,
        show_legend=len(series) > 1,
        legend_at_bottom=True,
        legend_box_size=10,
        x_title="step",
        y_labels_major_count=4,
        show_minor_y_labels=False,
        x_labels_major_count=6,
        show_minor_x_labels=False,
        truncate_legend=-1,
    )
    chart.uuid = f"chart-{key}"
    for label, curve in series.items():
        chart.add(label, list(curve))
    svg: str = chart.render(is_unicode=True)
    return svg


def _summary(series: Mapping[str, Curve]) -> str:
    return "; ".join(
        f"{label} went from {curve[0][1]:.4g} to {curve[-1][1]:.4g} by step {curve[-1][0]:g}"
        for label, curve in series.items()
    )
