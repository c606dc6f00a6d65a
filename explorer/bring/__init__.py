"""Bring your own atlas: a person's own meshes, read safely, put in order, laid into our frame, and kept.

``reading`` opens folders and zips, ``formats`` the files in them; ``parts`` and ``mapping`` say which file is which
structure; ``checks`` finds unit, axes and sides; ``mend`` repairs and thins; ``fit`` lays everything into our skin;
``carry`` brings fibres and trigger points over; ``quality`` reports; ``importing`` does all of it, step by step.
What is kept lies on the shelf (:mod:`explorer.shelf`).

Nothing that is read is ever run, unpacked to disk or followed elsewhere.
"""
