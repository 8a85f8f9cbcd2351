"""Writes small.tflite: `python tflite.py`, with the package flatbuffers. Numbers of fields are those of TensorFlow Lite's schema, version 3."""

import flatbuffers

INT8 = 9


def vector(builder, numbers, size, write):
    builder.StartVector(size, len(numbers), size)
    for number in reversed(numbers):
        write(number)
    return builder.EndVector()


def table(builder, fields):
    builder.StartObject(1 + max(fields))
    for slot, (kind, value) in fields.items():
        {
            "byte": builder.PrependInt8Slot,
            "int": builder.PrependInt32Slot,
            "at": builder.PrependUOffsetTRelativeSlot,
        }[kind](slot, value, 0)
    return builder.EndObject()


def tables(builder, offsets):
    return vector(builder, offsets, 4, builder.PrependUOffsetTRelative)


def quantised(builder, name, shape, scales, zero_points):
    text = builder.CreateString(name)
    scale = vector(builder, scales, 4, builder.PrependFloat32)
    zero = vector(builder, zero_points, 8, builder.PrependInt64)
    parameters = table(builder, {2: ("at", scale), 3: ("at", zero)})
    sizes = vector(builder, shape, 4, builder.PrependInt32)
    return table(builder, {0: ("at", sizes), 1: ("byte", INT8), 3: ("at", text), 4: ("at", parameters)})


def operator(builder, code, inputs, output, options=None):
    read = vector(builder, inputs, 4, builder.PrependInt32)
    made = vector(builder, [output], 4, builder.PrependInt32)
    fields = {0: ("int", code), 1: ("at", read), 2: ("at", made)}
    if options is not None:
        fields[4] = ("at", options)
    return table(builder, fields)


builder = flatbuffers.Builder()
tensors = tables(
    builder,
    [
        quantised(builder, "image", [1, 8, 8, 3], [1 / 255], [-128]),
        quantised(builder, "weights", [3, 1, 1, 3], [0.01, 0.02, 0.03], [0, 0, 0]),
        quantised(builder, "relu6", [1, 8, 8, 3], [4 / 255], [-128]),
        quantised(builder, "probability", [1, 8, 8, 3], [1 / 256], [-128]),
    ],
)
relu6 = table(builder, {1: ("int", 1), 2: ("int", 1), 3: ("byte", 3)})
operators = tables(builder, [operator(builder, 0, [0, 1], 2, relu6), operator(builder, 1, [2], 3)])
graph = table(builder, {0: ("at", tensors), 3: ("at", operators)})
codes = tables(builder, [table(builder, {0: ("byte", 3), 3: ("int", 3)}), table(builder, {0: ("byte", 14), 3: ("int", 14)})])
graphs = tables(builder, [graph])
model = table(builder, {0: ("int", 3), 1: ("at", codes), 2: ("at", graphs)})
builder.Finish(model, file_identifier=b"TFL3")
with open("small.tflite", "wb") as file:
    file.write(builder.Output())
