package dev.bellows.engine.model;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The safetensors format (Hugging Face), read and written strictly.
 *
 * <pre>
 * offset 0   u64 little-endian  H, length of the header in bytes
 *        8   H bytes of JSON    {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *                                "__metadata__": {"key": "text"}}
 *        8+H data, row-major, little-endian; the tensors cover it without hole, overlap or rest
 * </pre>
 *
 * <p>Stricter than the reference: the header is at most {@value #MAX_HEADER_BYTES} bytes, tensors
 * lie in the file in the order of their offsets, and the shape times the element size must be the
 * length of the data. Reading allocates the header's tree (a bounded constant) and the values asked
 * for, never what a header merely claims: every claim is checked against the length of the file
 * first.
 */
public final class Safetensors {
  /**
   * Longest header: thousands of named tensors; far below the reference's 100 MB so that a tree of
   * it stays small.
   */
  public static final int MAX_HEADER_BYTES = 1 << 20;

  private static final int LENGTH_BYTES = 8;
  private static final int MAX_RANK = 8;
  private static final int CHUNK_BYTES = 1 << 16;
  private static final String METADATA = "__metadata__";
  private static final Json.Limits LIMITS = new Json.Limits(MAX_HEADER_BYTES, 4, 4096, 600_000);

  private Safetensors() {}

  /** Element types of the format. Values are handed out for F32 only. */
  public enum DType {
    BOOL(1),
    U8(1),
    I8(1),
    U16(2),
    I16(2),
    F16(2),
    BF16(2),
    U32(4),
    I32(4),
    F32(4),
    U64(8),
    I64(8),
    F64(8);

    private final int bytes;

    DType(int bytes) {
      this.bytes = bytes;
    }

    static @Nullable DType of(String name) {
      for (DType type : values()) {
        if (type.name().equals(name)) {
          return type;
        }
      }
      return null;
    }
  }

  /**
   * A tensor's place.
   *
   * @param begin first byte, counted from the start of the data
   * @param end one past the last byte
   */
  public record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {
    /** Number of elements. */
    public long elements() {
      return (end - begin) / dtype.bytes;
    }
  }

  /** The header: tensors in the order of their data, and the free text beside them. */
  public record Header(List<Entry> entries, Map<String, String> metadata, long dataStart) {}

  /**
   * Values to write: {@code values[from .. from + product of shape)}, row-major.
   *
   * @param shape sizes, outermost first; empty for a scalar
   */
  @SuppressWarnings("ArrayRecordComponent") // a view on the caller's flat vector, never compared
  public record Tensor(String name, int[] shape, float[] values, int from) {
    /** Number of elements. */
    public int length() {
      long n = 1;
      for (int size : shape) {
        n = Math.multiplyExact(n, size);
      }
      return Math.toIntExact(n);
    }
  }

  /** Everything of a file with F32 tensors only. */
  public record Contents(Header header, Map<String, float[]> tensors) {
    /** A tensor by name, or an error that names it. */
    public float[] get(String name) throws ModelFileException {
      float[] values = tensors.get(name);
      if (values == null) {
        throw ModelFileException.corrupt(
            "tensor \"" + name + "\": expected in the file, found only " + tensors.keySet());
      }
      return values;
    }
  }

  /** Writes F32 tensors in the given order to a file. */
  public static void write(Path file, List<Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), CHUNK_BYTES)) {
      write(out, tensors, metadata);
    }
  }

  /**
   * Writes F32 tensors in the given order; the stream is not closed. Equal input gives equal bytes.
   */
  public static void write(OutputStream out, List<Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    byte[] header = header(tensors, metadata);
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(buffer.putLong(header.length).array(), 0, LENGTH_BYTES);
    out.write(header);
    for (Tensor tensor : tensors) {
      int end = tensor.from() + tensor.length();
      for (int at = tensor.from(); at < end; at += CHUNK_BYTES / Float.BYTES) {
        int n = Math.min(CHUNK_BYTES / Float.BYTES, end - at);
        buffer.clear();
        buffer.asFloatBuffer().put(tensor.values(), at, n);
        out.write(buffer.array(), 0, n * Float.BYTES);
      }
    }
  }

  /** Reads a whole file of F32 tensors. */
  public static Contents read(Path file) throws IOException {
    long length = Files.size(file);
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, length, file.toString());
    }
  }

  /**
   * Reads a whole stream of F32 tensors.
   *
   * @param length bytes that the stream holds
   * @param where its name, for messages
   * @throws ModelFileException when it is not exactly one valid file of that length, with the
   *     offset
   */
  public static Contents read(InputStream in, long length, String where) throws IOException {
    Header header = readHeader(in, length, where);
    for (Entry entry : header.entries()) {
      if (entry.dtype() != DType.F32) {
        throw ModelFileException.corrupt(
            "%s: tensor \"%s\": expected dtype F32, found %s"
                .formatted(where, entry.name(), entry.dtype()));
      }
      if (entry.elements() > Integer.MAX_VALUE - 8) {
        throw new ModelFileException(
            ModelFileException.Kind.REFUSED,
            "%s: tensor \"%s\": expected at most 2^31 - 9 elements, found %d"
                .formatted(where, entry.name(), entry.elements()));
      }
    }
    Map<String, float[]> tensors = new LinkedHashMap<>();
    byte[] chunk = new byte[CHUNK_BYTES];
    for (Entry entry : header.entries()) {
      tensors.put(entry.name(), values(in, entry, header.dataStart(), chunk, where));
    }
    if (in.read() != -1) {
      throw ModelFileException.corrupt(
          where + ": expected the end of the file at offset " + length + ", found more bytes");
    }
    return new Contents(header, tensors);
  }

  /**
   * Reads and checks the header against the length of the file; the stream then stands at the data.
   */
  public static Header readHeader(InputStream in, long length, String where) throws IOException {
    if (length < LENGTH_BYTES) {
      throw ModelFileException.corrupt(
          "%s: expected at least 8 bytes (header length), found %d".formatted(where, length));
    }
    long claimed =
        ByteBuffer.wrap(exactly(in, LENGTH_BYTES, 0, where))
            .order(ByteOrder.LITTLE_ENDIAN)
            .getLong();
    if (claimed < 2 || claimed > length - LENGTH_BYTES) {
      throw ModelFileException.corrupt(
          "%s: offset 0: expected a header length of 2..%d, found %s"
              .formatted(where, length - LENGTH_BYTES, Long.toUnsignedString(claimed)));
    }
    if (claimed > MAX_HEADER_BYTES) {
      throw new ModelFileException(
          ModelFileException.Kind.REFUSED,
          "%s: offset 0: expected a header of at most %d bytes, found %d"
              .formatted(where, MAX_HEADER_BYTES, claimed));
    }
    byte[] json = exactly(in, (int) claimed, LENGTH_BYTES, where);
    if (json[0] != '{') {
      throw ModelFileException.corrupt(where + ": offset 8: expected '{'");
    }
    long dataStart = LENGTH_BYTES + claimed;
    return new HeaderReader(where, dataStart, length - dataStart)
        .read(Json.object(Json.parse(json, where + " header", LIMITS), where + " header"));
  }

  private static byte[] exactly(InputStream in, int count, long offset, String where)
      throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length != count) {
      throw ModelFileException.corrupt(
          "%s: offset %d: expected %d more bytes, found %d"
              .formatted(where, offset, count, bytes.length));
    }
    return bytes;
  }

  private static float[] values(
      InputStream in, Entry entry, long dataStart, byte[] chunk, String where) throws IOException {
    float[] values = new float[(int) entry.elements()];
    ByteBuffer view = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < values.length; at += CHUNK_BYTES / Float.BYTES) {
      int n = Math.min(CHUNK_BYTES / Float.BYTES, values.length - at);
      int got = in.readNBytes(chunk, 0, n * Float.BYTES);
      if (got != n * Float.BYTES) {
        throw ModelFileException.corrupt(
            "%s: tensor \"%s\": the file ends at offset %d, expected %d"
                .formatted(
                    where,
                    entry.name(),
                    dataStart + entry.begin() + (long) at * Float.BYTES + got,
                    dataStart + entry.end()));
      }
      view.clear().asFloatBuffer().get(values, at, n);
    }
    return values;
  }

  private static byte[] header(List<Tensor> tensors, Map<String, String> metadata) {
    Map<String, Object> tree = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      tree.put(METADATA, metadata);
    }
    long at = 0;
    for (Tensor tensor : tensors) {
      long end = at + (long) tensor.length() * Float.BYTES;
      List<Long> shape = new ArrayList<>();
      for (int size : tensor.shape()) {
        shape.add((long) size);
      }
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", DType.F32.name());
      entry.put("shape", shape);
      entry.put("data_offsets", List.of(at, end));
      if (tensor.name().equals(METADATA) || tree.put(tensor.name(), entry) != null) {
        throw new IllegalArgumentException(
            "tensor names: expected each once and not " + METADATA + ", found " + tensor.name());
      }
      at = end;
    }
    byte[] json = Json.compact(tree).getBytes(StandardCharsets.UTF_8);
    int padded =
        (json.length + 7) / 8 * 8; // the data begins at a multiple of 8, as the format asks
    byte[] header = new byte[padded];
    Arrays.fill(header, (byte) ' ');
    System.arraycopy(json, 0, header, 0, json.length);
    if (padded > MAX_HEADER_BYTES) {
      throw new IllegalArgumentException(
          "safetensors header: expected at most " + MAX_HEADER_BYTES + " bytes, found " + padded);
    }
    return header;
  }

  /** Checks each claim of a parsed header against the bytes that are there. */
  private record HeaderReader(String where, long dataStart, long dataLength) {
    Header read(Map<String, @Nullable Object> tree) throws ModelFileException {
      List<Entry> entries = new ArrayList<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      for (Map.Entry<String, @Nullable Object> item : tree.entrySet()) {
        if (item.getKey().equals(METADATA)) {
          for (Map.Entry<String, @Nullable Object> text :
              Json.object(item.getValue(), where + " " + METADATA).entrySet()) {
            metadata.put(text.getKey(), Json.string(text.getValue(), where + " " + METADATA));
          }
        } else {
          entries.add(entry(item.getKey(), item.getValue()));
        }
      }
      entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      long at = 0;
      for (Entry entry : entries) {
        if (entry.begin() != at) {
          throw bad(
              entry.name(),
              "expected data from offset %d (no hole, no overlap), found %d"
                  .formatted(dataStart + at, dataStart + entry.begin()));
        }
        at = entry.end();
      }
      if (at != dataLength) {
        throw ModelFileException.corrupt(
            "%s: the tensors end at offset %d, the file at %d"
                .formatted(where, dataStart + at, dataStart + dataLength));
      }
      return new Header(List.copyOf(entries), Map.copyOf(metadata), dataStart);
    }

    private Entry entry(String name, @Nullable Object value) throws ModelFileException {
      String at = "%s: tensor \"%s\"".formatted(where, printable(name));
      Map<String, @Nullable Object> fields = Json.object(value, at);
      if (fields.size() != 3) {
        throw bad(name, "expected dtype, shape and data_offsets, found " + fields.keySet());
      }
      String type = Json.string(fields.get("dtype"), at + " dtype");
      DType dtype = DType.of(type);
      if (dtype == null) {
        throw bad(name, "unknown dtype " + printable(type));
      }
      List<Long> shape = new ArrayList<>();
      List<@Nullable Object> sizes = Json.list(fields.get("shape"), at + " shape");
      if (sizes.size() > MAX_RANK) {
        throw bad(name, "expected at most " + MAX_RANK + " dimensions, found " + sizes.size());
      }
      long bytes = dtype.bytes;
      for (Object size : sizes) {
        long n = Json.integer(size, at + " shape");
        if (n < 0) {
          throw bad(name, "expected sizes of 0 or more, found " + n);
        }
        shape.add(n);
        if (n != 0 && bytes > Long.MAX_VALUE / n) {
          throw bad(name, "shape " + sizes + " overflows 63 bits");
        }
        bytes *= n;
      }
      List<@Nullable Object> offsets = Json.list(fields.get("data_offsets"), at + " data_offsets");
      if (offsets.size() != 2) {
        throw bad(name, "expected two data_offsets, found " + offsets.size());
      }
      long begin = Json.integer(offsets.get(0), at + " data_offsets");
      long end = Json.integer(offsets.get(1), at + " data_offsets");
      if (begin < 0 || end < begin || end > dataLength) {
        throw bad(
            name,
            "expected 0 <= begin <= end <= %d in data_offsets, found [%d, %d]"
                .formatted(dataLength, begin, end));
      }
      if (end - begin != bytes) {
        throw bad(
            name,
            "shape %s of %s needs %d bytes, data_offsets give %d"
                .formatted(shape, dtype, bytes, end - begin));
      }
      return new Entry(name, dtype, List.copyOf(shape), begin, end);
    }

    private ModelFileException bad(String name, String message) {
      return ModelFileException.corrupt(
          "%s: tensor \"%s\": %s".formatted(where, printable(name), message));
    }

    private static String printable(String text) {
      String clean = text.replaceAll("\\p{Cntrl}", "?");
      return clean.length() <= 120 ? clean : clean.substring(0, 120) + "...";
    }
  }
}
