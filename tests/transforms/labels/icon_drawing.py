"""Marks as their makers might draw them: by curves and fonts, so that no line of the detector's templates is shared."""

from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

_FINE = 8
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def bezier(start, first, second, end, steps=24):
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    start, first, second, end = (np.array(point, float) for point in (start, first, second, end))
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end


@cache
def star(size, hollow=0.36):
    """Coverage of a four-pointed star of cubic curves, float (size, size); ``hollow`` draws its sides in."""
    tips = [(0, -1), (1, 0), (0, 1), (-1, 0)]
    points = []
    for one, other in zip(tips, [*tips[1:], tips[0]], strict=True):
        pull = [tuple(np.array(tip) * (1 - hollow)) for tip in (one, other)]
        points.append(bezier(one, *pull, other))
    return polygon(np.concatenate(points), size, outline=0.03)  # blunt tips, as captures of the mark have them


def polygon(points, size, outline=0.0):
    fine = size * _FINE
    image = Image.new("L", (fine, fine))
    corners = [tuple((point + 1) / 2 * fine) for point in points]
    ImageDraw.Draw(image).polygon(corners, fill=255, outline=255, width=max(1, round(outline * fine)))
    if outline:
        ImageDraw.Draw(image).line([*corners, corners[0]], fill=255, width=round(outline * fine))
    return shrunk(image, size, size)


def shrunk(image, width, height):
    return np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float64) / 255


def pale_star(size, alpha, hollow=0.36):
    """RGBA planes of Gemini's mark: an even white."""
    return painted(star(size, hollow), WHITE, alpha)


def painted(coverage, colour, alpha):
    return np.dstack([np.broadcast_to(np.array(colour, float), (*coverage.shape, 3)), coverage * alpha])


def letters(text, height, width, height_of_all, centre, fine):
    font = ImageFont.load_default(height * fine)
    image = Image.new("L", (width * fine, height_of_all * fine))
    box = font.getbbox(text)
    x = centre[0] * fine - (box[0] + box[2]) / 2
    y = centre[1] * fine - (box[1] + box[3]) / 2
    ImageDraw.Draw(image).text((x, y), text, fill=255, font=font, stroke_width=round(height * fine * 0.03))
    return image


def strokes(size, lines, arcs=()):
    """Coverage of round-ended strokes: (points, width) and (box, first angle, last angle, width), in parts of size."""
    fine = size * _FINE
    image = Image.new("L", (fine, fine))
    draw = ImageDraw.Draw(image)
    for points, width in lines:
        draw.line([(x * fine, y * fine) for x, y in points], fill=255, width=round(width * fine))
    for box, first, last, width in arcs:
        draw.arc([edge * fine for edge in box], first, last, fill=255, width=round(width * fine))
    return shrunk(image, size, size)


def disc_ai(size, dark=True, plate_alpha=1.0):
    """The EU's basic icon: a disc with AI, its proportions as published, its letters made of strokes."""
    fine = size * _FINE
    plate = Image.new("L", (fine, fine))
    ImageDraw.Draw(plate).ellipse((0, 0, fine - 1, fine - 1), fill=255)
    a = [((0.26, 0.69), (0.397, 0.31)), ((0.537, 0.69), (0.4, 0.31)), ((0.3, 0.585), (0.49, 0.585))]
    bar = [((0.695, 0.307), (0.695, 0.693))]
    text = strokes(size, [(line, width) for line, width in zip(a, (0.1, 0.1, 0.075), strict=True)] + [(bar[0], 0.11)])
    return plated(shrunk(plate, size, size), text, dark, plate_alpha)


def capsule(text, height, dark=True, plate_alpha=1.0):
    """A capsule with words, as AI GENERATED has it; also the box of its words: x, y, width, height."""
    font = ImageFont.load_default(round(height * 0.5) * _FINE)
    box = font.getbbox(text)
    words = ((box[2] - box[0]) // _FINE, (box[3] - box[1]) // _FINE)
    width = words[0] + round(height * 0.86)
    plate = Image.new("L", (width * _FINE, height * _FINE))
    ImageDraw.Draw(plate).rounded_rectangle(
        (0, 0, width * _FINE - 1, height * _FINE - 1), radius=height * _FINE // 2, fill=255
    )
    drawn = letters(text, round(height * 0.5), width, height, (width / 2, height / 2), _FINE)
    mark = plated(shrunk(plate, width, height), shrunk(drawn, width, height), dark, plate_alpha)
    return mark, ((width - words[0]) // 2, (height - words[1]) // 2, *words)


def plated(plate, text, dark, plate_alpha):
    ground, ink = (BLACK, WHITE) if dark else (WHITE, BLACK)
    base = painted(plate, ground, plate_alpha)
    alpha = text + base[..., 3] * (1 - text)
    colour = (np.array(ink, float) * text[..., None] + base[..., :3] * (base[..., 3] * (1 - text))[..., None]) / (
        np.maximum(alpha, 1e-6)[..., None]
    )
    return np.dstack([colour, alpha])


def pin(size, filled=True, colour=WHITE, alpha=1.0):
    """The Content Credentials pin."""
    fine = size * _FINE
    image = Image.new("L", (fine, fine))
    draw = ImageDraw.Draw(image)

    def teardrop(inset, fill):
        low, high = inset, fine - 1 - inset
        draw.ellipse((low, low, high, high), fill=fill)
        draw.rectangle((fine // 2, fine // 2, high, high), fill=fill)

    teardrop(0, 255)
    if not filled:
        teardrop(round(fine * 0.083), 0)
    stem = [((0.63, 0.36), (0.63, 0.725)), ((0.745, 0.398), (0.79, 0.398))]
    text = strokes(
        size,
        [(stem[0], 0.085), (stem[1], 0.085)],
        [((0.195, 0.35, 0.565, 0.735), 42, 318, 0.088), ((0.588, 0.356, 0.9, 0.7), 180, 275, 0.085)],
    )
    shape = shrunk(image, size, size)
    if not filled:
        return painted(np.maximum(shape, text), colour, alpha)
    other = BLACK if colour == WHITE else WHITE
    mark = painted(shape, colour, alpha)
    mark[..., :3] = mark[..., :3] * (1 - text[..., None]) + np.array(other, float) * text[..., None]
    return mark


def put(rgb, mark, x, y):
    """The picture with a mark's upper left corner at x, y."""
    height, width = mark.shape[:2]
    result = rgb.copy()
    part = result[y : y + height, x : x + width].astype(float)
    alpha = mark[..., 3:]
    result[y : y + height, x : x + width] = np.clip(np.rint(part * (1 - alpha) + mark[..., :3] * alpha), 0, 255)
    return result


def saved(rgb, quality):
    """The picture after JPEG."""
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
