from .kept_objects import kept_objects as kept_objects
from .picture import Look as Look
from .picture import draw_picture as draw_picture
from .report_files import HTML as HTML
from .report_files import report_files as report_files
from .summary import describe_project as describe_project
from .summary import described_parameters as described_parameters
from .summary import mask_text as mask_text
