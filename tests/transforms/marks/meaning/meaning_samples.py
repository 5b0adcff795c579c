"""Properties as programs write them, for every generator rule, with a neighbour that must not be taken for it."""

import json

from transforms.marks.pieces import Property

DESCRIPTION = "http://purl.org/dc/elements/1.1/"
XMP = "http://ns.adobe.com/xap/1.0/"
IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
UUID = "0f0d8b0e-7a1c-4f7e-9f0e-1a2b3c4d5e6f"
SIGNATURE = "Signature: " + "Ab9/" * 30 + "=="
YAK = "my neighbour Aliya riding a purple yak"
NEGATIVE = "ugly blurry fingers of Aliya"
SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x512, Model hash: abcd1234, Model: dream_v5"
PARAMETERS = f"{YAK}\nNegative prompt: {NEGATIVE}\n{SETTINGS}"
GRAPH = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 77,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "euler",
            "positive": ["6", 0],
            "negative": ["7", 0],
            "model": ["4", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream_v5.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": YAK, "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": NEGATIVE, "clip": ["4", 1]}},
}
WORKFLOW = {
    "last_node_id": 9,
    "last_link_id": 9,
    "nodes": [
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["dream_v5.safetensors"]},
        {"id": 3, "type": "KSampler", "widgets_values": [77, "randomize", 20, 7, "euler", "normal", 1]},
        {"id": 6, "type": "CLIPTextEncode", "title": YAK, "widgets_values": [YAK]},
    ],
    "links": [],
}


def prop(layer: str, name: str, value: str, namespace: str = "", offset: int = 0) -> Property:
    """A property; its locator is made of its layer and name."""
    return Property(layer, namespace, name, value, f"{layer}/{name}", offset)


def png(name: str, value: str) -> Property:
    return prop("png_text", name, value)


def exif(name: str, value: str) -> Property:
    return prop("exif", name, value, "Exif" if name in {"UserComment", "MakerNote"} else "IFD0")


def xmp(name: str, value: str, namespace: str = XMP) -> Property:
    return prop("xmp", name, value, namespace)


def key(name: str, value: str) -> Property:
    return prop("container", name, value)


def software(value: str) -> list[Property]:
    return [exif("Software", value)]


def dumped(**fields: object) -> str:
    return json.dumps(fields)


PROMPTS = {"prompt": YAK, "negative_prompt": NEGATIVE}

RULES: dict[str, tuple[list[Property], list[Property]]] = {
    "stable_diffusion_cpp": (
        [png("parameters", f"{PARAMETERS}, Version: stable-diffusion.cpp, SDCPP: {dumped(prompt={'positive': YAK})}")],
        [png("parameters", "see stable-diffusion.cpp, Version: stable-diffusion.cpp")],
    ),
    "swarmui": (
        [
            png(
                "parameters",
                dumped(
                    sui_image_params={"prompt": YAK, "negativeprompt": NEGATIVE, "model": "m", "seed": 5, "cfgscale": 7}
                ),
            )
        ],
        [png("parameters", dumped(params={"prompt": "x"}))],
    ),
    "fooocus.scheme": ([png("fooocus_scheme", "a1111")], [png("scheme", "a1111")]),
    "fooocus.maker_note": (
        [exif("MakerNote", "present, 7 bytes, fooocus")],
        [exif("MakerNote", "present, 8456 bytes, FUJIFILM fooocus")],
    ),
    "fooocus.json": (
        [
            exif(
                "UserComment",
                dumped(
                    prompt=YAK, negative_prompt=NEGATIVE, base_model="juggernaut", metadata_scheme="fooocus", seed="7"
                ),
            )
        ],
        [exif("UserComment", dumped(prompt="press the button", base_model="X100"))],
    ),
    "fooocus.parameters": (
        [png("parameters", f"{PARAMETERS}, Version: Fooocus v2.5.5")],
        [png("parameters", "Version: Fooocus v2.5.5")],
    ),
    "sdnext": (
        [png("parameters", f"{YAK}\nSteps: 20, Size: 512x512, App: SD.Next")],
        [png("parameters", "App: SD.Next")],
    ),
    "forge": ([png("parameters", f"{PARAMETERS}, Version: f2.0.1v1.10.1")], [png("parameters", "Version: f2.0")]),
    "comfyui.parameters": (
        [png("parameters", f"{PARAMETERS}, Version: ComfyUI")],
        [png("parameters", "Version: ComfyUI")],
    ),
    "civitai": (
        [exif("UserComment", f"{PARAMETERS}, Civitai resources: [{{}}]")],
        [exif("UserComment", "Steps to the Civitai resources: [see page]")],
    ),
    "automatic1111": (
        [exif("UserComment", PARAMETERS)],
        [exif("UserComment", "Recipe. Steps: 1. Mix the flour. Steps: 2. Bake. Size: large")],
    ),
    "automatic1111.key": (
        [png("parameters", "Steps: 20, Sampler: Euler")],
        [exif("UserComment", "Steps: 20, Sampler: wool")],
    ),
    "automatic1111.extras": (
        [png("postprocessing", "Postprocess upscale by: 4, Postprocess upscaler: R-ESRGAN 4x+")],
        [png("extras", "two extras of a film")],
    ),
    "easy_diffusion.key": (
        [png("use_stable_diffusion_model", "sd-v1-5"), png("prompt", YAK)],
        [png("prompt", "press any key"), png("model", "X100V")],
    ),
    "easy_diffusion.json": (
        [exif("UserComment", dumped(prompt=YAK, seed=5, use_stable_diffusion_model="sd-v1-5", num_inference_steps=25))],
        [exif("UserComment", dumped(seed=5, model="sd-v1-5"))],
    ),
    "easy_diffusion.words": (
        [exif("UserComment", json.dumps({"Prompt": YAK, "Seed": 5, "Stable Diffusion model": "sd-v1-5"}))],
        [exif("UserComment", json.dumps({"Seed": 5, "Crop": "wheat"}))],
    ),
    "mflux.json": (
        [
            exif(
                "UserComment",
                dumped(
                    mflux_version="0.15.0",
                    model="Tongyi-MAI/Z-Image-Turbo",
                    seed=42,
                    steps=9,
                    guidance=None,
                    prompt=YAK,
                    negative_prompt=None,
                ),
            )
        ],
        [exif("UserComment", dumped(version="0.15.0", model="flux meter", seed=42))],
    ),
    "mflux.xmp": (
        [xmp("model", "black-forest-labs/FLUX.1-dev", "http://ns.mflux.ai/1.0/")],
        [xmp("model", "Flux capacitor", "http://example.org/1.0/")],
    ),
    "stability_matrix": (
        [png("parameters-json", dumped(PositivePrompt=YAK, Seed=5))],
        [png("parameters-list", dumped(a=5))],
    ),
    "nmkd": ([png("NMKDiffusion", dumped(prompt=YAK, seed=5))], [png("NMKDiffusion", "none")]),
    "draw_things": (
        [
            xmp(
                "UserComment",
                dumped(c=YAK, uc=NEGATIVE, sampler="DPM++", seed=5, model="sd_xl", steps=20),
                "http://ns.adobe.com/exif/1.0/",
            )
        ],
        [xmp("UserComment", dumped(c="2024", seed=5), "http://ns.adobe.com/exif/1.0/")],
    ),
    "invokeai.metadata": (
        [
            key(
                "invokeai_metadata",
                dumped(
                    positive_prompt=YAK,
                    negative_prompt=NEGATIVE,
                    seed=5,
                    cfg_scale=7.5,
                    model={"name": "dream", "hash": "x"},
                ),
            )
        ],
        [key("metadata", dumped(positive_prompt="none", seed=5))],
    ),
    "invokeai.graph": (
        [png("invokeai_graph", dumped(nodes={"positive_prompt:x": {"value": YAK}}))],
        [png("graph", dumped(nodes={}))],
    ),
    "invokeai.dream": (
        [png("Dream", f'"{YAK}" -s 50 -S 123 -W 512 -H 512 -C 7.5 -A k_lms')],
        [png("Dream", "A midsummer night's dream")],
    ),
    "novelai.software": ([png("Software", "NovelAI")], [png("Software", "Novel AImaker")]),
    "novelai.comment": (
        [png("Comment", dumped(prompt=YAK, uc=NEGATIVE, steps=28, scale=5, seed=9, sampler="k_euler"))],
        [png("Comment", dumped(scale=5, sampler="akai"))],
    ),
    "novelai.description": (
        [png("Description", YAK), png("Software", "NovelAI")],
        [png("Description", YAK), png("Software", "GIMP 2.10")],
    ),
    "comfyui.prompt": ([png("prompt", json.dumps(GRAPH))], [png("prompt", dumped(class_kind="KSampler"))]),
    "comfyui.workflow": ([exif("Make", f"workflow:{json.dumps(WORKFLOW)}")], [exif("Make", "workflow:Kodak")]),
    "comfyui.workflow_key": (
        [png("workflow", dumped(nodes=[{"id": 3, "type": "KSampler", "widgets_values": [YAK]}], links=[]))],
        [png("workflow", dumped(nodes=["scan", "proof"]))],
    ),
    "midjourney.job": (
        [png("Description", f"{YAK} --ar 2:1 --v 6 Job ID: {UUID}")],
        [png("Description", "Job ID: 4711, roof repair")],
    ),
    "midjourney.flags": (
        [exif("ImageDescription", f"{YAK} --ar 16:9 --v 6.1")],
        [exif("ImageDescription", "ffmpeg -i a --version 5 and more")],
    ),
    "xai_grok": (
        [exif("ImageDescription", SIGNATURE), exif("Artist", UUID)],
        [exif("ImageDescription", SIGNATURE), exif("Artist", "John Doe")],
    ),
    "samsung_galaxy_ai": (
        [key("PhotoEditor_Re_Edit_Data", '{"originalPath":"/data/x.jpg","genAIType":5,"isAI":true}')],
        [key("PhotoEditor_Re_Edit_Data", '{"originalPath":"/data/x.jpg","genAIType":0}')],
    ),
    "ideogram": ([exif("Make", "Ideogram AI")], [exif("Make", "Ideogramme SARL")]),
    "luma.comment": (
        [png("Comment", "Generated by Luma AI's Uni-1 model (https://lumalabs.ai)")],
        [png("Comment", "luma 16-235, chroma 4:2:0")],
    ),
    "bytedance.generation": (
        [exif("ImageDescription", dumped(product="dreamina", exportType="generation"))],
        [exif("ImageDescription", dumped(product="lv", exportType="retouch"))],
    ),
    "kling.sei": (
        [key("91ca60614aee385486142d5f73f4ae2e", "kling-ai")],
        [key("dc45e9bde6d948b7962cd820d923eeef", "x264 - core 164 - kling-ai")],
    ),
    "hugging_face_job": ([png("hf-job-id", UUID)], [png("job-id", UUID)]),
    "mflux.name": ([xmp("CreatorTool", "MFLUX 0.15.0")], [xmp("CreatorTool", "mfluxer photo")]),
    "midjourney.name": ([exif("Make", "Midjourney")], [exif("Make", "Journey Optics")]),
    "openai.name": ([xmp("Credit", "DALL·E 3", PHOTOSHOP)], [xmp("Credit", "Photograph: Dalle Riviere", PHOTOSHOP)]),
    "openai.company": (software("OpenAI API"), [xmp("Credit", "Courtesy of OpenAI", PHOTOSHOP)]),
    "sora.name": ([key("encoder", "Sora 2")], [key("encoder", "Sora Sans embedded")]),
    "firefly.name": ([xmp("CreatorTool", "Adobe Firefly")], software("Firefly 8SE camera 1.2")),
    "stable_diffusion.name": ([exif("Artist", "Stable Diffusion XL")], [exif("Artist", "Heat Diffusion Lab")]),
    "comfyui.name": (software("ComfyUI v1.2"), software("Comfy photo viewer")),
    "invokeai.name": (software("InvokeAI 5.0"), software("InvokeAir scanner")),
    "fooocus.name": (software("Fooocus v2.5.5"), software("Focus stacker")),
    "draw_things.name": ([xmp("CreatorTool", "Draw Things 1.20")], [xmp("CreatorTool", "LibreOffice Draw")]),
    "diffusionbee.name": ([png("Comment", "DiffusionBee 2.5")], [png("Comment", "diffusion of bees in meadows")]),
    "easy_diffusion.name": (software("Easy Diffusion 3.0"), software("EasyDiff")),
    "diffusers.name": (software("diffusers 0.31.0"), software("diffusersoft flash control")),
    "sdnext.name": (software("SD.Next 2026-01"), software("SD card next step")),
    "flux.name": (software("FLUX.1 [dev]"), software("f.lux 4.1, Fluxbox")),
    "google.name": (software("Google Imagen 4"), software("Visor de Imagen 2, Imagen AI culling")),
    "veo.name": ([key("©too", "Google Veo 3")], [key("©too", "Google")]),
    "leonardo.name": (software("Leonardo.Ai"), [exif("Artist", "Leonardo Aiello")]),
    "stability.name": (software("DreamStudio by Stability"), software("image stability air 2")),
    "reve.name": ([xmp("CreatorTool", "reve.com")], [xmp("CreatorTool", "reverse.com")]),
    "recraft.name": (software("Recraft V3"), software("Recrafter 2")),
    "krea.name": (software("Krea.ai"), software("Kreator 2")),
    "runway.name": ([key("encoder", "Runway Gen-4")], [key("encoder", "Airport runway camera")]),
    "pika.name": ([key("encoder", "Pika Labs")], [key("encoder", "Pikasoft 1")]),
    "luma.name": ([key("encoder", "Luma Dream Machine")], [key("encoder", "LumaFusion 5.1")]),
    "kling.name": ([key("encoder", "KlingAI 2.1")], [key("encoder", "Klinger 2")]),
    "hailuo.name": ([key("encoder", "Hailuo AI")], [key("encoder", "minimax filter")]),
    "bytedance.name": (software("Dreamina 3.1"), software("CapCut 12")),
    "alibaba.name": (software("Qwen-Image"), software("Wanscam 2")),
    "meta.name": (software("Imagine with Meta AI"), software("meta air tagger")),
    "microsoft.name": (software("Bing Image Creator"), software("Microsoft Designer")),
    "xai_grok.name": (software("Grok Imagine"), software("Grok 9.5 JPEG 2000 codec")),
    "sber_yandex.name": (software("Kandinsky 4.1"), [exif("Artist", "Wassily Kandinsky")]),
    "other_service.name": (software("NightCafe Studio"), software("Night Cafe Viewer")),
    "apple_clean_up.name": (
        [xmp("Credit", "Apple Photos Generative Edit: Clean Up", PHOTOSHOP)],
        [xmp("Credit", "Apple Photos", PHOTOSHOP)],
    ),
    "apple_image_playground.name": (
        [xmp("Credit", "Apple Image Playground", PHOTOSHOP)],
        [xmp("Credit", "Photograph of a playground", PHOTOSHOP)],
    ),
    "adobe_generative.name": (
        [xmp("History[2]/softwareAgent", "Generative Fill")],
        [xmp("History[2]/softwareAgent", "Fill")],
    ),
    "named_in_text": (
        [exif("ImageDescription", f"{YAK}, made with Midjourney")],
        [exif("ImageDescription", "This portrait was not made with Midjourney")],
    ),
}
