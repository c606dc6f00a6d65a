"""Stand the MakeHuman figure as patients stand: arms hanging, palms to the thighs.

The base mesh is modelled in a T-like pose. Linear blend skinning with the default rig brings the shoulder
girdle down and turns upper arm, forearm and hand; angles below are fixed so that the frame never moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from explorer.build.makehuman import Floats, MakeHuman

CLAVICLE_DEG = -2.5
SCAPULA_DEG = -6.0
ARM_ABDUCTION_DEG = 13.0
FOREARM_ABDUCTION_DEG = 8.0
FOREARM_FLEXION_DEG = 14.0
#: share of the twist that each half of the upper arm and of the forearm takes
UPPER_ARM_TWIST = 0.5
FOREARM_TWIST = (0.35, 0.8, 1.0)


@dataclass(frozen=True)
class Motion:
    """A rigid motion ``p -> rotation @ p + shift``."""

    rotation: Floats
    shift: Floats

    def __call__(self, points: Floats) -> Floats:
        return points @ self.rotation.T + self.shift

    @classmethod
    def carrying(cls, rotation: Floats, point: Floats, to: Floats) -> Motion:
        """The motion with this rotation that brings ``point`` to ``to``."""
        return cls(rotation, to - rotation @ point)


def _turn(axis: Floats, angle: float) -> Floats:
    return Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle).as_matrix()


def _align(source: Floats, target: Floats) -> Floats:
    """(3, 3) shortest rotation that turns one direction into another."""
    a, b = source / np.linalg.norm(source), target / np.linalg.norm(target)
    axis = np.cross(a, b)
    sine = np.linalg.norm(axis)
    return np.eye(3) if sine < 1e-9 else _turn(axis, np.arctan2(sine, a @ b))


def _twist(axis: Floats, source: Floats, target: Floats) -> float:
    """Angle about a unit axis that turns one direction over another, radians."""
    a, b = source - axis * (source @ axis), target - axis * (target @ axis)
    return float(np.arctan2(np.cross(a, b) @ axis, a @ b))


def _arm(joints: dict[str, tuple[Floats, Floats, str]], side: str) -> dict[str, Motion]:
    """Motions of the bones of one shoulder and arm, MakeHuman frame."""
    sign = 1.0 if side == "L" else -1.0

    def head(bone: str) -> Floats:
        return joints[f"{bone}.{side}"][0]

    def tail(bone: str) -> Floats:
        return joints[f"{bone}.{side}"][1]

    out: dict[str, Motion] = {}
    forward = np.array([0.0, 0.0, 1.0])
    clavicle = Motion.carrying(_turn(forward, sign * np.radians(CLAVICLE_DEG)), head("clavicle"), head("clavicle"))
    scapula_turn = clavicle.rotation @ _turn(forward, sign * np.radians(SCAPULA_DEG))
    scapula = Motion.carrying(scapula_turn, head("shoulder01"), clavicle(head("shoulder01")))
    out["clavicle"], out["shoulder01"] = clavicle, scapula

    abduction = np.radians(ARM_ABDUCTION_DEG)
    axis = np.array([sign * np.sin(abduction), -np.cos(abduction), 0.05])
    upper = _align(scapula.rotation @ (tail("upperarm02") - head("upperarm01")), axis) @ scapula.rotation
    axis /= np.linalg.norm(axis)

    flexion = np.radians(FOREARM_FLEXION_DEG)
    down = np.array([sign * np.sin(np.radians(FOREARM_ABDUCTION_DEG)), -np.cos(flexion), np.sin(flexion)])
    down /= np.linalg.norm(down)
    forearm = tail("lowerarm02") - head("lowerarm01")
    angle = _twist(axis, upper @ forearm, down)
    half, whole = _turn(axis, angle * UPPER_ARM_TWIST) @ upper, _turn(axis, angle) @ upper
    out["upperarm01"] = Motion.carrying(half, head("upperarm01"), scapula(head("upperarm01")))
    out["upperarm02"] = Motion.carrying(whole, head("upperarm02"), out["upperarm01"](head("upperarm02")))

    lower = _align(whole @ forearm, down) @ whole
    wrist = head("wrist")
    to_index, to_little = head("finger2-1") - wrist, head("finger5-1") - wrist
    palm = np.cross(to_index, to_little)
    middle = (to_index + to_little) / 2
    tips = (tail("finger2-3") + tail("finger3-3") + tail("finger4-3")) / 3 - wrist
    curl = tips - middle * (tips @ middle) / (middle @ middle)
    palm = palm if palm @ curl > 0 else -palm  # fingers curl towards the palm
    roll = _twist(down, lower @ palm, np.array([-sign, 0.0, -0.25]))
    first, second, third = (_turn(down, roll * share) @ lower for share in FOREARM_TWIST)
    out["lowerarm01"] = Motion.carrying(first, head("lowerarm01"), out["upperarm02"](head("lowerarm01")))
    out["lowerarm02"] = Motion.carrying(second, head("lowerarm02"), out["lowerarm01"](head("lowerarm02")))
    hand = _align(third @ (head("finger3-1") - wrist), down + np.array([0.0, -0.25, 0.0])) @ third
    out["wrist"] = Motion.carrying(hand, wrist, out["lowerarm02"](wrist))
    return {f"{bone}.{side}": motion for bone, motion in out.items()}


def stand(body: MakeHuman, shape: Floats) -> Floats:
    """Bring one shape into the standing pose.

    Parameters
    ----------
    body : MakeHuman
    shape : (19158, 3) float
        Vertices, decimetres, MakeHuman frame.

    Returns
    -------
    (19158, 3) float
        The same vertices, posed; those that no bone holds stay where they are.
    """
    joints = body.joints(shape)
    motions = _arm(joints, "L") | _arm(joints, "R")
    still = Motion(np.eye(3), np.zeros(3))

    def motion_of(bone: str) -> Motion:
        while bone in joints:  # a bone without a motion of its own follows its parent
            if bone in motions:
                return motions[bone]
            bone = joints[bone][2]
        return still

    blended = np.zeros_like(shape)
    total = np.zeros(len(shape))
    for bone, (ids, weights) in body.bone_weights.items():
        np.add.at(blended, ids, weights[:, None] * motion_of(bone)(shape[ids]))
        np.add.at(total, ids, weights)
    held = total > 1e-6
    posed = shape.copy()
    posed[held] = blended[held] / total[held, None]
    return posed
