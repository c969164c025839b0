"""Colours of the viewer's theme, for what napari's own style sheet doesn't know."""

from __future__ import annotations

from napari.utils.theme import get_theme

# Blue that is legible under white text in both themes: the one thing to do next.
_NEXT = "#1f6fb2"
_NEXT_HOVER = "#2b86d1"
_WARNING = {"dark": "#f0b429", "light": "#8a5a00"}


def style_sheet(theme_id: str) -> str:
    """Return the style of the dock under a theme of napari.

    Parameters
    ----------
    theme_id : str
        ``viewer.theme``.
    """
    theme = get_theme(theme_id)
    is_dark = sum(theme.background.as_rgb_tuple()[:3]) < 3 * 128
    muted = theme.text.as_hex() if not is_dark else "#b7bcc5"
    return f"""
    #supervox_section_header {{ border: none; text-align: left; font-weight: bold;
        padding: 4px 2px; background: transparent; }}
    #supervox_section_header:hover {{ background: {theme.highlight.as_hex()}; }}
    #supervox_section[next="true"] > #supervox_section_header {{ color: {_title(is_dark)}; }}
    QLabel[role="summary"] {{ color: {muted}; }}
    QLabel[role="note"] {{ color: {muted}; }}
    QLabel[role="warning"] {{ color: {_WARNING["dark" if is_dark else "light"]}; }}
    QLabel#supervox_advice {{ border-radius: 4px;
        background: {theme.foreground.as_hex()}; }}
    QPushButton[next="true"] {{ background: {_NEXT}; color: white; }}
    QPushButton[next="true"]:hover {{ background: {_NEXT_HOVER}; }}
    QPushButton[next="true"]:disabled {{ background: {theme.foreground.as_hex()}; }}
    QToolButton {{ background: {theme.foreground.as_hex()}; border-radius: 2px; padding: 3px 6px; }}
    QToolButton:hover {{ background: {theme.primary.as_hex()}; }}
    QToolButton[tool="true"]:checked {{ background: {_NEXT}; color: white; }}
    QToolButton[plain="true"] {{ background: transparent; padding: 2px 0; }}
    QToolButton[plain="true"]:hover {{ background: {theme.highlight.as_hex()}; }}
    QComboBox#supervox_kind {{ padding: 3px 0 3px 6px; }}
    QWidget#supervox_welcome {{ background: {theme.background.as_hex()}; }}
    QLabel#supervox_welcome_title {{ font-size: 28px; font-weight: bold; }}
    QWidget#supervox_welcome QPushButton[plain="true"] {{ text-align: left; padding: 4px; }}
    QTableWidget {{ border: none; }}
    QTableWidget::indicator:unchecked {{ border: 1px solid {muted}; border-radius: 2px;
        width: 11px; height: 11px; background: transparent; image: none; }}
    """


def _title(is_dark: bool) -> str:
    return "#6cb6ff" if is_dark else _NEXT
