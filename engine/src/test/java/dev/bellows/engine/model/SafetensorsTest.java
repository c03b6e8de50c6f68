package dev.bellows.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;

  private static byte[] file(String header, int dataBytes) {
    return file(header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  private static byte[] file(byte[] header, int dataBytes) {
    return ByteBuffer.allocate(8 + header.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }

  private static Safetensors.Contents read(byte[] bytes) throws IOException {
    return Safetensors.read(new ByteArrayInputStream(bytes), bytes.length, "w.safetensors");
  }

  private static void refused(byte[] bytes, String message) {
    long before = allocated();
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(ModelFileException.class)
        .hasMessageStartingWith("w.safetensors")
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
    assertThat(allocated() - before).isLessThan(2L * bytes.length + (64 << 20));
  }

  private static long allocated() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  @Test
  void writes_and_reads_named_parts_of_a_flat_vector() throws Exception {
    float[] flat = new float[40_000];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = i * 0.5f;
    }
    flat[3] = Float.intBitsToFloat(0x7fc12345); // bits are kept, NaN payloads too
    Path file = folder.resolve("w.safetensors");
    List<Safetensors.Tensor> tensors =
        List.of(
            new Safetensors.Tensor("kernel", new int[] {100, 399}, flat, 0),
            new Safetensors.Tensor("scalar", new int[] {}, flat, 39_900),
            new Safetensors.Tensor("none", new int[] {0, 5}, flat, 39_901),
            new Safetensors.Tensor("bias", new int[] {99}, flat, 39_901));
    Safetensors.write(file, tensors, Map.of("format", "test"));
    Safetensors.Contents contents = Safetensors.read(file);
    assertThat(contents.header().metadata()).containsEntry("format", "test");
    assertThat(contents.header().dataStart() % 8).isZero();
    assertThat(contents.get("kernel"))
        .hasSize(39_900)
        .startsWith(0, 0.5f, 1)
        .endsWith(39_899 * 0.5f);
    assertThat(Float.floatToRawIntBits(contents.get("kernel")[3])).isEqualTo(0x7fc12345);
    assertThat(contents.get("scalar")).containsExactly(39_900 * 0.5f);
    assertThat(contents.get("none")).isEmpty();
    assertThat(contents.get("bias")).hasSize(99).endsWith(39_999 * 0.5f);
    assertThatThrownBy(() -> contents.get("other")).hasMessageContaining("\"other\"");
    ByteArrayOutputStream again = new ByteArrayOutputStream();
    Safetensors.write(again, tensors, Map.of("format", "test"));
    assertThat(again.toByteArray()).isEqualTo(Files.readAllBytes(file));
  }

  // The bytes that the reference implementation's test "test_serialization" expects
  // (safetensors/src/tensor.rs): attn.0,
  // F32 [1, 2, 3], zeros; its header is padded with spaces to a multiple of eight.
  @Test
  void equals_the_bytes_of_the_reference_implementation() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.write(
        out,
        List.of(new Safetensors.Tensor("attn.0", new int[] {1, 2, 3}, new float[6], 0)),
        Map.of());
    byte[] expected =
        file("{\"attn.0\":{\"dtype\":\"F32\",\"shape\":[1,2,3],\"data_offsets\":[0,24]}}", 24);
    assertThat(HexFormat.of().formatHex(out.toByteArray()))
        .isEqualTo(HexFormat.of().formatHex(expected));
  }

  @Test
  void fault_40_too_short_for_a_header_length() {
    refused(new byte[0], "at least 8 bytes");
    refused(new byte[7], "at least 8 bytes");
  }

  @Test
  void fault_40_header_length_beyond_the_file() {
    refused(new byte[] {60, 0, 0, 0, 0, 0, 0, 0}, "offset 0: expected a header length of 2..0");
    refused(new byte[] {60, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, "found 60");
    byte[] huge = file("{}", 0);
    java.util.Arrays.fill(huge, 0, 8, (byte) 0xff);
    refused(huge, "found 18446744073709551615");
    java.util.Arrays.fill(huge, 0, 8, (byte) 0x7f);
    refused(huge, "offset 0");
  }

  @Test
  void fault_40_header_larger_than_any_model_needs() {
    byte[] header = new byte[100 << 20];
    java.util.Arrays.fill(header, (byte) ' ');
    refused(file(header, 0), "at most 1048576 bytes, found 104857600");
  }

  @Test
  void fault_40_overlapping_tensors() {
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
            12),
        "no hole, no overlap");
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            8),
        "no hole, no overlap");
  }

  @Test
  void fault_40_a_hole_between_tensors_and_before_the_first() {
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
            12),
        "no hole");
    refused(file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8), "no hole");
  }

  @Test
  void fault_40_size_that_the_shape_does_not_give() {
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8),
        "needs 12 bytes, data_offsets give 8");
    refused(
        file("{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8),
        "needs 16 bytes");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,8]}}", 8),
        "needs 4 bytes");
  }

  @Test
  void fault_40_duplicate_names() {
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
            8),
        "Duplicate");
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
            4),
        "Duplicate");
  }

  @Test
  void fault_40_sizes_that_overflow() {
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
            0),
        "overflows");
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,2,0],\"data_offsets\":[0,0]}}",
            0),
        "overflows");
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551616],\"data_offsets\":[0,0]}}",
            0),
        "64 bits");
    refused(
        file(
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[9223372036854775804,9223372036854775807]}}",
            4),
        "0 <= begin <= end <= 4");
  }

  @Test
  void fault_40_header_that_is_not_utf8_or_not_json() {
    refused(file(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}, 0), "not UTF-8");
    refused(file("{\"a\"", 0), "not strict JSON");
    refused(file("{\"a\":}", 0), "not strict JSON");
    refused(file("[]", 0), "expected '{'");
    refused(file(" {}", 0), "expected '{'");
    refused(file("{}\u0000\u0000", 0), "header");
    refused(file("{\"a\":" + "[".repeat(5000), 0), "header");
  }

  @Test
  void fault_40_bytes_behind_the_last_tensor_and_missing_ones() {
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5),
        "the tensors end at offset");
    refused(file("{}", 1), "the tensors end at offset 10, the file at 11");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4),
        "0 <= begin <= end <= 4");
  }

  @Test
  void fault_40_fields_that_are_missing_unknown_or_of_another_type() {
    refused(file("{\"a\":{}}", 0), "expected dtype, shape and data_offsets");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":1}}", 0),
        "expected dtype, shape and data_offsets");
    refused(
        file("{\"a\":{\"dtype\":\"F31\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0),
        "unknown dtype F31");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,0]}}", 0),
        "sizes of 0 or more");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4),
        "whole number");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0]}}", 0),
        "two data_offsets");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,0]}}", 8),
        "begin <= end");
    refused(file("{\"__metadata__\":{\"a\":1}}", 0), "expected a string");
    refused(
        file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4),
        "at most 8 dimensions");
    refused(
        file("{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8),
        "expected dtype F32");
  }

  @Test
  void fault_40_a_header_of_the_largest_size_stays_below_64_mib() {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; header.length() < Safetensors.MAX_HEADER_BYTES - 100; i++) {
      header
          .append(i == 0 ? "" : ",")
          .append("\"t")
          .append(i)
          .append("\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    refused(file(header + "}", 1), "the tensors end");
  }

  @Test
  void fault_40_random_damage_is_refused_or_read_but_never_anything_else() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    float[] flat = new float[20];
    Safetensors.write(
        out,
        List.of(
            new Safetensors.Tensor("a", new int[] {2, 3}, flat, 0),
            new Safetensors.Tensor("b", new int[] {14}, flat, 6)),
        Map.of("k", "v"));
    byte[] good = out.toByteArray();
    long seed = 77;
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    for (int i = 0; i < 4000; i++) {
      byte[] bad =
          java.util.Arrays.copyOf(
              good, random.nextInt(4) == 0 ? random.nextInt(good.length + 9) : good.length);
      for (int n = random.nextInt(4); n > 0 && bad.length > 0; n--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      try {
        read(bad);
      } catch (ModelFileException e) {
        refused++;
      }
    }
    assertThat(refused).as("seed %d", seed).isBetween(2000, 4000);
  }

  @Test
  void fault_40_a_stream_shorter_or_longer_than_promised() {
    byte[] good = file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8);
    assertThatThrownBy(
            () ->
                Safetensors.read(
                    new ByteArrayInputStream(good, 0, good.length - 1), good.length, "w"))
        .hasMessageContaining("the file ends at offset " + (good.length - 1));
    byte[] longer = java.util.Arrays.copyOf(good, good.length + 1);
    assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(longer), good.length, "w"))
        .hasMessageContaining("found more bytes");
  }

  @Test
  void names_are_written_once() {
    Safetensors.Tensor a = new Safetensors.Tensor("a", new int[] {1}, new float[1], 0);
    assertThatThrownBy(
            () -> Safetensors.write(new ByteArrayOutputStream(), List.of(a, a), Map.of()))
        .hasMessageContaining("each once");
  }
}
