"""What touches what, as Bullet keeps it: within 5 mm (see `World`)."""

from __future__ import annotations

import pybullet


def touched(client: int, body: int) -> set[int]:
    """Ids of what is in contact with a body or robot."""
    points = pybullet.getContactPoints(body, physicsClientId=client)
    return {point[2] if point[1] == body else point[1] for point in points} - {body}
