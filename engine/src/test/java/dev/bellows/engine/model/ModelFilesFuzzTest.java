package dev.bellows.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.sun.management.ThreadMXBean;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rows 40 and 41 of the fault matrix for any bytes at all: a reader refuses in its own words or
 * reads, and never does anything else. In the build the seeds and what was once found run ({@code
 * src/test/resources/.../ModelFilesFuzzTestInputs}); {@code JAZZER_FUZZ=1 ./mvnw -Dfast -pl engine
 * test -Dtest=ModelFilesFuzzTest#weights} looks for more.
 */
class ModelFilesFuzzTest {

  static List<byte[]> weightFiles() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    float[] flat = new float[20];
    Safetensors.write(
        out,
        List.of(
            new Safetensors.Tensor("a", new int[] {2, 3}, flat, 0),
            new Safetensors.Tensor("b", new int[] {14}, flat, 6)),
        Map.of("k", "v"));
    byte[] good = out.toByteArray();
    byte[] longHeader = good.clone();
    longHeader[3] = 0x7f;
    return List.of(good, longHeader, Arrays.copyOf(good, 9), new byte[0]);
  }

  @MethodSource("weightFiles")
  @FuzzTest(maxDuration = "2m")
  void weights(byte[] file) {
    try {
      Safetensors.read(new ByteArrayInputStream(file), file.length, "weights.safetensors");
    } catch (ModelFileException expected) {
      oneLine(expected);
    } catch (IOException e) {
      throw new AssertionError("an untyped error", e);
    }
  }

  static List<byte[]> networks() {
    String good =
        Json.pretty(
            new NetworkSpec(
                    new InputSpec(7, List.of(), 0),
                    List.of(
                        LayerSpec.of("dense", Map.of("units", 5, "activation", "relu")),
                        LayerSpec.of("dropout", Map.of("rate", 0.5)),
                        LayerSpec.of("dense", Map.of("units", 3))),
                    LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
                    3)
                .toJson());
    String image =
        Json.pretty(
            new NetworkSpec(
                    InputSpec.shaped("image", 8, 8, 1),
                    List.of(
                        LayerSpec.of("conv2d", Map.of("filters", 3, "kernel", 3)),
                        LayerSpec.of("flatten", Map.of()),
                        LayerSpec.of("dense", Map.of("units", 3))),
                    LossSpec.of(LossKind.SOFTMAX_CROSS_ENTROPY),
                    3)
                .toJson());
    return Stream.of(
            good,
            image,
            image.replace("3", "2147483647"), // found: an overflow that had no words
            image.replace("8", "2147483647"),
            good.replace("7", "1000000000"), // found: an array of that length
            good.replace("5", "1000000000"),
            good.replace("5", "1e999"),
            good.replace("\"dense\"", "\"no_such_layer\""),
            good.replace("\"units\"", "\"inputs\": [\"dense\"], \"units\""),
            "[".repeat(5000),
            "{\"input\":" + "{\"a\":".repeat(70),
            "null")
        .map(text -> text.getBytes(StandardCharsets.UTF_8))
        .toList();
  }

  @MethodSource("networks")
  @FuzzTest(maxDuration = "2m")
  @SuppressWarnings({"unchecked", "NullAway"}) // the network's own reader checks each value
  void network(byte[] json) {
    try {
      Map<String, Object> tree =
          (Map<String, Object>) (Map<String, ?>) Json.parseObject(json, "model.json");
      Network.layout(NetworkSpec.fromJson(tree));
    } catch (ModelFileException | IllegalArgumentException expected) {
      oneLine(expected);
    }
  }

  /** A file of a few hundred bytes costs no more than a few megabytes, whatever it says. */
  @Test
  void fault_41_sizesAreRefusedOrCountedBeforeAnythingIsAllocated() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    for (byte[] json : networks()) {
      network(json); // classes
      long before = threads.getThreadAllocatedBytes(thread);
      network(json);
      assertThat(threads.getThreadAllocatedBytes(thread) - before)
          .as(new String(json, StandardCharsets.UTF_8))
          .isLessThan(4L << 20);
    }
  }

  private static void oneLine(Exception refusal) {
    if (refusal.getMessage() == null || refusal.getMessage().contains("\n")) {
      throw new AssertionError("not one line: " + refusal.getMessage(), refusal);
    }
  }
}
