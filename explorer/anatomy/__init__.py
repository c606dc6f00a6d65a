"""Shapes of the body, as pure functions on arrays.

Conventions, everywhere in this package and in the data:

- Unit: millimetre. Frame: **LPS**, right-handed: +x to the subject's left, +y to the back, +z up.
- Origin: the midpoint between the left and the right tragus of the default adult. The Frankfurt plane is
  horizontal.
- Sides are the subject's own: ``left``, ``right``, ``midline``. Shapes are kept for the left side and the
  midline; the right side is the mirror image in the plane x = 0, exactly.
- Triangles are wound counter-clockwise seen from outside.
"""
