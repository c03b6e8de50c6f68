package dev.bellows.engine.model;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.bellows.engine.nn.InputSpec;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Network;
import dev.bellows.engine.nn.NetworkSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
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
    return List.of(good, longHeader, java.util.Arrays.copyOf(good, 9), new byte[0]);
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
    return java.util.stream.Stream.of(
            good,
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

  private static void oneLine(Exception refusal) {
    if (refusal.getMessage() == null || refusal.getMessage().contains("\n")) {
      throw new AssertionError("not one line: " + refusal.getMessage(), refusal);
    }
  }
}
