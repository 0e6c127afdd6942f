"""Renders scenes inside Blender; run by the Python that has bpy, see `model.data.rendered3d.blender_env`.

Imports nothing of this project. Reads one folder a line from standard input. In it lies scene.json, see
`model.data.rendered3d.scene_spec`. For each frame it writes frame_000.png beside it, and frame_000.npz with
``index``, uint8 (H, W), the number of the body at each pixel, and ``depth``, float32 (H, W), metres along the
optical axis. Then it prints "scene: frame".
"""

import json
import os
import sys

import bpy
import numpy as np
import OpenEXR


def linear(rgb):
    """Scene-linear RGBA of sRGB in [0, 255]."""
    share = np.asarray(rgb, dtype=float) / 255
    low = share <= 0.04045
    return (*np.where(low, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).tolist(), 1.0)


def new_material():
    """An empty material with its nodes, its links and the shader that shows."""
    material = bpy.data.materials.new("material")
    return material, material.node_tree.nodes, material.node_tree.links


def painted(rgb, metal, roughness):
    """A material of one colour with a slight grain."""
    material, nodes, links = new_material()
    shader = nodes["Principled BSDF"]
    noise = nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = 90.0
    mix = nodes.new("ShaderNodeMixRGB")
    mix.inputs["Color1"].default_value = linear(rgb)
    mix.inputs["Color2"].default_value = linear(np.asarray(rgb) * 0.9)
    links.new(noise.outputs["Fac"], mix.inputs["Fac"])
    links.new(mix.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.3 if metal else roughness
    shader.inputs["Metallic"].default_value = float(metal)
    return material


TEXTURES: dict[str, tuple[str, dict, dict]] = {  # kind: node, its settings, its inputs
    "wood": (
        "ShaderNodeTexWave",
        {"bands_direction": "Y"},
        {"Distortion": 7.0, "Detail": 4.0, "Detail Scale": 1.5},
    ),
    "planks": ("ShaderNodeTexBrick", {}, {"Mortar Size": 0.006, "Brick Width": 3.0, "Row Height": 0.6}),
    "tiles": (
        "ShaderNodeTexBrick",
        {"offset": 0.0},
        {"Mortar Size": 0.02, "Brick Width": 1.0, "Row Height": 1.0},
    ),
    "stone": ("ShaderNodeTexNoise", {}, {"Detail": 8.0, "Roughness": 0.7}),
    "cloth": ("ShaderNodeTexWave", {"bands_direction": "DIAGONAL"}, {"Distortion": 1.0, "Detail": 2.0}),
    "checks": ("ShaderNodeTexChecker", {}, {}),
}


def surfaced(look):
    """A material of a room's surface, from a `scene_spec.Surface`."""
    material, nodes, links = new_material()
    shader, place, mapping = (
        nodes["Principled BSDF"],
        nodes.new("ShaderNodeTexCoord"),
        nodes.new("ShaderNodeMapping"),
    )
    kind, settings, inputs = TEXTURES[look["kind"]]
    texture = nodes.new(kind)
    for name, value in settings.items():
        setattr(texture, name, value)
    for name, value in inputs.items():
        texture.inputs[name].default_value = value
    texture.inputs["Scale"].default_value = look["scale"]
    links.new(place.outputs["Object"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], texture.inputs["Vector"])
    first, second = (linear(rgb) for rgb in look["rgb"])
    if "Color1" in texture.inputs:
        colours = dict(
            zip(("Color1", "Color2", "Mortar"), (first, second, linear((90, 88, 86))), strict=True)
        )
        for name in colours.keys() & texture.inputs.keys():
            texture.inputs[name].default_value = colours[name]
        links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    else:
        ramp = nodes.new("ShaderNodeValToRGB")
        ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.25, 0.75
        ramp.color_ramp.elements[0].color, ramp.color_ramp.elements[1].color = first, second
        links.new(texture.outputs[0], ramp.inputs["Fac"])
        links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = {"tiles": 0.3, "wood": 0.45, "checks": 0.5}.get(
        look["kind"], 0.85
    )
    return material


def add_mesh(mesh, material, parent=None, index=0):
    """An object of a mesh; sharp edges stay sharp, the rest is smooth."""
    data = bpy.data.meshes.new("mesh")
    data.from_pydata(mesh["vertices"], [], mesh["faces"])
    data.shade_smooth()
    data.set_sharp_from_angle(angle=0.6)
    data.materials.append(material)
    thing = bpy.data.objects.new("thing", data)
    thing.parent, thing.pass_index = parent, index
    bpy.context.scene.collection.objects.link(thing)


def add_bodies(bodies):
    """One empty object a body, which its parts follow."""
    roots = []
    for index, parts in enumerate(bodies, start=1):
        root = bpy.data.objects.new("body", None)
        bpy.context.scene.collection.objects.link(root)
        for part in parts:
            add_mesh(part, painted(part["rgb"], part["metal"], part["roughness"]), root, index)
        roots.append(root)
    return roots


def add_lamp(light):
    """A square lamp that shines at the origin."""
    from mathutils import Vector

    data = bpy.data.lights.new("lamp", "AREA")
    data.energy, data.size = light["watts"], light["lamp_size"]
    lamp = bpy.data.objects.new("lamp", data)
    lamp.location = light["lamp"]
    lamp.rotation_euler = (-Vector(light["lamp"])).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(lamp)


def light_room(light):
    """The panorama as world, as bright as wanted."""
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    nodes, links = world.node_tree.nodes, world.node_tree.links
    folder = os.path.join(bpy.utils.resource_path("LOCAL"), "datafiles", "studiolights", "world")
    image = bpy.data.images.load(os.path.join(folder, light["panorama"] + ".exr"))
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    mean = np.minimum(pixels.reshape(-1, image.channels)[:, :3], 20.0).mean(axis=0)
    panorama, mapping, place, pale, balance = (
        nodes.new("ShaderNode" + kind)
        for kind in ("TexEnvironment", "Mapping", "TexCoord", "HueSaturation", "MixRGB")
    )
    pale.inputs["Saturation"].default_value = 0.5
    panorama.image = image
    balance.blend_type = "MULTIPLY"
    balance.inputs["Fac"].default_value = 1.0
    balance.inputs["Color2"].default_value = (
        *(light["level"] / mean).tolist(),
        1.0,
    )  # as cameras balance white
    mapping.inputs["Rotation"].default_value = (0, 0, light["turn"])
    links.new(place.outputs["Generated"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], panorama.inputs["Vector"])
    links.new(panorama.outputs["Color"], pale.inputs["Color"])
    links.new(pale.outputs["Color"], balance.inputs["Color1"])
    links.new(balance.outputs["Color"], nodes["Background"].inputs["Color"])
    add_lamp(light)


def set_up(orders):
    """An empty scene with a camera, ready to render; gives the bodies."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    render, cycles, layer = scene.render, scene.cycles, scene.view_layers[0]
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y = orders["size"]
    render.resolution_percentage = 100
    render.use_persistent_data = True
    cycles.device, cycles.samples, cycles.max_bounces = "CPU", orders["samples"], 4
    cycles.use_denoising, cycles.denoising_prefilter, cycles.denoising_quality = True, "FAST", "FAST"
    scene.view_settings.view_transform = "Standard"  # colours stay what they are called
    layer.use_pass_z = layer.use_pass_object_index = True
    layer.update_render_passes()
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit, lens.sensor_width = "HORIZONTAL", 36.0
    lens.lens = orders["focal"] * lens.sensor_width / orders["size"][0]
    lens.clip_start = 0.01
    scene.camera = bpy.data.objects.new("camera", lens)
    scene.collection.objects.link(scene.camera)
    light_room(orders["light"])
    for prop in orders["props"]:
        add_mesh(prop, surfaced(prop["look"]))
    return add_bodies(orders["bodies"])


def render_frame(frame, bodies, stem):
    """Writes STEM.png and STEM.npz."""
    from mathutils import Matrix

    scene = bpy.context.scene
    scene.camera.matrix_world = Matrix(frame["camera"])
    for body, pose in zip(bodies, frame["poses"], strict=True):
        body.matrix_world = Matrix(pose)
    scene.view_settings.exposure = frame["exposure"]
    settings = scene.render.image_settings
    settings.media_type = "MULTI_LAYER_IMAGE"
    scene.render.filepath = stem + ".exr"
    bpy.ops.render.render(write_still=True)
    settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode = "PNG", "RGB"
    bpy.data.images["Render Result"].save_render(stem + ".png")
    written = OpenEXR.File(stem + ".exr", separate_channels=True).parts
    passes = {part.name().split(".")[-1]: next(iter(part.channels.values())) for part in written}
    index, depth = (passes[name].pixels for name in ("Object Index", "Depth"))
    np.savez_compressed(stem + ".npz", index=np.rint(index).astype(np.uint8), depth=depth)
    os.remove(stem + ".exr")


def main():
    """Renders folder after folder until standard input ends."""
    for line in sys.stdin:
        folder = line.rstrip("\n")
        with open(os.path.join(folder, "scene.json"), encoding="utf-8") as file:
            orders = json.load(file)
        bodies = set_up(orders)
        for number, frame in enumerate(orders["frames"]):
            render_frame(frame, bodies, os.path.join(folder, f"frame_{number:03d}"))
            print("scene: frame", flush=True)


if __name__ == "__main__":
    main()
