"""How robots and parts get into a PyBullet client."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pybullet

from assets import catalogue
from assets.part import Box, Cylinder, Hull, Part, Piece
from sim import cache
from sim.pose import Pose
from sim.spec import Body, Cell, Physics

ROLLING = 0.001  # [m]
# a facet of a binary STL file
FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


class SimulatedBody:
    """A body in a client: its id, and where its centre of mass sits in the part's frame.

    meshes: a folder for the mesh of what it looks like; None: it is not to be seen. rolling:
    whether things in the cell may roll.
    """

    def __init__(
        self, client: int, body: Body, physics: Physics, *, meshes: Path | None, rolling: bool
    ) -> None:
        part = catalogue.build(body.kind, body.params)
        self.client = client
        self.com_to_part = principal_frame(part)
        self._part_to_com = self.com_to_part.inverse()
        com_to_world = body.pose @ self.com_to_part
        self.id: int = pybullet.createMultiBody(
            baseMass=0.0 if body.fixed else body.mass,
            baseCollisionShapeIndex=collision(client, part, Pose()),
            baseVisualShapeIndex=visual(client, part, body, Pose(), meshes),
            basePosition=com_to_world.position,
            baseOrientation=com_to_world.quaternion,
            baseInertialFramePosition=self.com_to_part.position,
            baseInertialFrameOrientation=self.com_to_part.quaternion,
            physicsClientId=client,
        )
        self.place(body.pose)
        resistance = ROLLING if rolling and body.fixed else 0.0
        set_contact(client, self.id, -1, body, part, physics, resistance)
        self._start = self._last = body.pose
        self._read: tuple[tuple[float, ...], ...] = ()  # what became `_last`
        self.belt = (body.pose.rotation @ body.belt).tolist() if any(body.belt) else []  # [m/s]

    def pose(self) -> Pose:
        """part_to_world."""
        read = pybullet.getBasePositionAndOrientation(self.id, physicsClientId=self.client)
        if read != self._read:  # most of what a cell holds stands still
            self._read, self._last = read, Pose(*read) @ self._part_to_com
        return self._last

    def velocity(self) -> tuple[float, ...]:
        """(6,) of the centre of mass [m/s] and about it [rad/s], in the world."""
        linear, angular = pybullet.getBaseVelocity(self.id, physicsClientId=self.client)
        return (*linear, *angular)

    def rewind(self) -> None:
        """Of a belt: back to where it stands, with its velocity. Bullet moves it along for some
        millimetres in a control period; reset in every substep, anchored friction would slip."""
        self.place(self._start)
        pybullet.resetBaseVelocity(self.id, self.belt, physicsClientId=self.client)

    def place(self, part_to_world: Pose) -> None:
        """Moves the body; its velocity becomes zero."""
        com_to_world = part_to_world @ self.com_to_part
        pybullet.resetBasePositionAndOrientation(
            self.id, com_to_world.position, com_to_world.quaternion, physicsClientId=self.client
        )


def may_roll(cell: Cell) -> bool:
    """Whether a cell has anything loose and round, which only friction at a point keeps from
    rolling and pivoting. What is flat touches at its corners."""
    loose = [b for b in cell.bodies if not b.fixed and b.joint is None]
    return any(is_round(catalogue.build(b.kind, b.params)) for b in loose)


def is_round(part: Part) -> bool:
    """Whether jaws or a floor may touch a part in a line or a point only."""
    return any(not isinstance(piece, Box) for piece in part.pieces)


def set_contact(
    client: int, body_id: int, link: int, body: Body, part: Part, physics: Physics,
    resistance: float = 0.0,
) -> None:  # fmt: skip
    """Friction, and for what moves also inertia and the give of its contacts.

    resistance: lever of what resists rolling and spinning [m]. On one side of a contact it is
    enough, and it costs as much as the rest of it, so it is for what round parts may lie on.
    """
    options: dict[str, object] = {
        "lateralFriction": body.friction,
        "spinningFriction": resistance,
        "rollingFriction": resistance,
        "restitution": 0.0,
    }
    if not body.fixed:
        moments = np.linalg.eigvalsh(part.inertia) * (body.mass / part.mass)
        options |= {
            "localInertiaDiagonal": moments.tolist(),
            "contactStiffness": physics.contact_stiffness,
            "contactDamping": physics.contact_damping,
            "frictionAnchor": 1,
            "linearDamping": 0.0,
            "angularDamping": 0.0,
        }
    pybullet.changeDynamics(body_id, link, physicsClientId=client, **options)


def principal_frame(part: Part) -> Pose:
    """com_to_part, with axes along the principal moments in ascending order."""
    _, axes = np.linalg.eigh(part.inertia)
    if np.linalg.det(axes) < 0:
        axes[:, 2] = -axes[:, 2]
    return Pose.at(part.centre_of_mass, axes)


def visual(client: int, part: Part, body: Body, part_to_link: Pose, meshes: Path | None) -> int:
    """The part's mesh in its plain colour, each face with normals of its own; -1 without `meshes`,
    the folder for its file, which must stay until the body is made.

    PyBullet never frees what it is handed as lists of vertices (12 MB a cell); of a file it does.
    """
    if meshes is None:
        return -1
    facets = np.zeros(len(part.mesh.triangles), FACET)
    facets["normal"], facets["corners"] = part.mesh.face_normals, part.mesh.triangles
    content = bytes(80) + np.uint32(len(facets)).tobytes() + facets.tobytes()
    file = meshes / f"{hashlib.sha256(content).hexdigest()[:24]}.stl"  # it caches by name
    file.write_bytes(content)
    shape: int = pybullet.createVisualShape(
        pybullet.GEOM_MESH,
        fileName=str(file),
        rgbaColor=[*body.material.rgb, 1.0],
        visualFramePosition=part_to_link.position,
        visualFrameOrientation=part_to_link.quaternion,
        physicsClientId=client,
    )
    return shape


def collision(client: int, part: Part, part_to_link: Pose) -> int:
    """A compound of the part's convex pieces."""
    kinds, halves, radii, lengths, names, positions, turns = [], [], [], [], [], [], []
    for piece in part.pieces:
        kind, half, radius, length, name, at = _shape(piece)
        kinds.append(kind)
        halves.append(half)
        radii.append(radius)
        lengths.append(length)
        names.append(name)
        at = part_to_link @ at
        positions.append(at.position)
        turns.append(at.quaternion)
    shape: int = pybullet.createCollisionShapeArray(
        shapeTypes=kinds,
        halfExtents=halves,
        radii=radii,
        lengths=lengths,
        fileNames=names,
        meshScales=[[1.0, 1.0, 1.0]] * len(kinds),
        collisionFramePositions=positions,
        collisionFrameOrientations=turns,
        physicsClientId=client,
    )
    return shape


def _shape(piece: Piece) -> tuple[int, tuple[float, float, float], float, float, str, Pose]:
    nothing = (0.01, 0.01, 0.01)
    match piece:
        case Box(half, at):
            return pybullet.GEOM_BOX, half, 0.01, 0.01, "", Pose.from_array(at)
        case Cylinder(radius, length, at):
            return pybullet.GEOM_CYLINDER, nothing, radius, length, "", Pose.from_array(at)
        case Hull(points):
            return pybullet.GEOM_MESH, nothing, 0.01, 0.01, str(_hull_file(points)), Pose()


def _hull_file(points: tuple[tuple[float, float, float], ...]) -> Path:
    """An OBJ that holds the points: Bullet takes the hull of its vertices, whatever the faces."""
    lines = ["v " + " ".join(repr(float(c)) for c in point) for point in points]
    lines += [f"f {i + 1} {i + 2} {i + 3}" for i in range(len(points) - 2)]
    text = "\n".join(lines).encode()
    return cache.stored("hulls", "", ".obj", text)
