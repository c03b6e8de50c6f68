package dev.bellows.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.model.ModelFileException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
  private static final List<WeightSegment> SEGMENTS =
      List.of(
          new WeightSegment("dense_1/kernel", new int[] {2, 3}, 0, 6),
          new WeightSegment("dense_1/bias", new int[] {3}, 6, 3));

  @TempDir Path root;
  private Path folder;

  private static ModelContents contents() {
    Map<String, Object> network = new LinkedHashMap<>();
    network.put("layers", List.of(Map.of("dense", Map.of("units", 3))));
    Provenance provenance =
        new Provenance(
            "ab12", "9f31c2ab", 7, "cpu-x86-64-v3", Map.of("java", "17", "bellows", "0.1.0"));
    return new ModelContents(
        "classification",
        network,
        Map.of("classes", List.of("a", "b")),
        provenance,
        new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9},
        SEGMENTS,
        "# Model card\n");
  }

  @BeforeEach
  void write() throws IOException {
    folder = root.resolve("model");
    ModelFolder.write(folder, contents());
  }

  @Test
  void a_model_survives_the_round_trip() throws Exception {
    ModelFolder model = ModelFolder.open(folder);
    assertThat(model.task()).isEqualTo("classification");
    assertThat(model.provenance()).isEqualTo(contents().provenance());
    assertThat(model.network()).containsKey("layers");
    assertThat(model.preprocess()).containsEntry("classes", List.of("a", "b"));
    assertThat(model.flat(SEGMENTS)).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(model.weightsSha256())
        .isEqualTo(sha256(Files.readAllBytes(folder.resolve("weights.safetensors"))));
    assertThat(Files.readString(folder.resolve("SHA256SUMS")).lines())
        .extracting(line -> line.substring(66))
        .containsExactly("model.json", "weights.safetensors", "preprocess.json", "MODEL_CARD.md");
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(5);
    }
  }

  @Test
  void the_same_model_gives_the_same_bytes_and_replaces_an_earlier_one() throws Exception {
    Path other = root.resolve("other");
    ModelFolder.write(other, contents());
    ModelFolder.write(other, contents());
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        assertThat(other.resolve(file.getFileName().toString())).hasSameBinaryContentAs(file);
      }
    }
  }

  @Test
  void a_folder_without_sums_is_not_a_model() throws Exception {
    Files.delete(folder.resolve("SHA256SUMS"));
    refused(Kind.MISSING, "the model was not written to its end");
    Files.delete(root.resolve("model/model.json"));
    assertThatThrownBy(() -> ModelFolder.open(root.resolve("nowhere")))
        .hasMessageContaining("found none");
  }

  @Test
  void a_flipped_bit_in_any_file_is_found() throws Exception {
    for (String name :
        List.of(
            "model.json",
            "weights.safetensors",
            "preprocess.json",
            "MODEL_CARD.md",
            "SHA256SUMS")) {
      Path file = folder.resolve(name);
      byte[] good = Files.readAllBytes(file);
      byte[] bad = good.clone();
      bad[bad.length - 2] ^= 1;
      Files.write(file, bad);
      assertThatThrownBy(() -> ModelFolder.open(folder))
          .as(name)
          .isInstanceOf(ModelFileException.class)
          .hasMessageContaining(folder.toString());
      Files.write(file, good);
    }
    ModelFolder.open(folder);
  }

  @Test
  void weights_of_another_network_are_named() throws Exception {
    ModelFolder model = ModelFolder.open(folder);
    assertThatThrownBy(() -> model.flat(SEGMENTS.subList(0, 1)))
        .hasMessageContaining("does not have: [dense_1/bias]");
    assertThatThrownBy(
            () ->
                model.flat(
                    List.of(
                        new WeightSegment("dense_1/kernel", new int[] {3, 2}, 0, 6),
                        SEGMENTS.get(1))))
        .hasMessageContaining("needs shape [3, 2], found [2, 3]");
    assertThatThrownBy(
            () -> model.flat(List.of(SEGMENTS.get(0), new WeightSegment("b", new int[] {3}, 6, 3))))
        .hasMessageContaining("no such tensor");
  }

  @Test
  void fault_42_a_symbolic_link_is_refused() throws Exception {
    Path secret = Files.writeString(root.resolve("secret.json"), "{}");
    for (String name :
        List.of(
            "model.json",
            "weights.safetensors",
            "preprocess.json",
            "MODEL_CARD.md",
            "SHA256SUMS")) {
      Path file = folder.resolve(name);
      byte[] good = Files.readAllBytes(file);
      Files.delete(file);
      Files.createSymbolicLink(file, secret);
      refused(Kind.REFUSED, "link");
      Files.delete(file);
      Files.createSymbolicLink(file, Path.of("/dev/zero"));
      refused(Kind.REFUSED, "link");
      Files.delete(file);
      Files.write(file, good);
    }
  }

  @Test
  void fault_42_a_hard_link_is_refused() throws Exception {
    Path file = folder.resolve("preprocess.json");
    Files.createLink(root.resolve("outside.json"), file);
    refused(Kind.REFUSED, "2 hard links");
  }

  @Test
  void fault_42_names_outside_the_folder_in_the_sums_are_refused() throws Exception {
    Path sums = folder.resolve("SHA256SUMS");
    String good = Files.readString(sums);
    String zeros = "0".repeat(64);
    for (String name :
        List.of(
            "../secret.json",
            "/etc/passwd",
            "sub/model.json",
            "model.json\u0000",
            "model.json ",
            "trees.bin",
            "SHA256SUMS",
            "./model.json")) {
      Files.writeString(sums, good + zeros + "  " + name + "\n");
      refused(Kind.REFUSED, "SHA256SUMS:5");
    }
    Files.writeString(sums, good + good.lines().findFirst().orElseThrow() + "\n");
    refused(Kind.REFUSED, "SHA256SUMS:5");
    Files.writeString(sums, good.lines().skip(1).reduce("", (a, b) -> a + b + "\n"));
    refused(Kind.CORRUPT, "a line for model.json");
    Files.writeString(sums, good + " ".repeat(5000));
    refused(Kind.REFUSED, "at most 4096 bytes");
  }

  @Test
  void fault_42_a_folder_or_device_in_place_of_a_file_is_refused() throws Exception {
    Files.delete(folder.resolve("MODEL_CARD.md"));
    Files.createDirectory(folder.resolve("MODEL_CARD.md"));
    refused(Kind.REFUSED, "plain file");
  }

  @Test
  void fault_42_writing_does_not_follow_a_link_that_waits_in_the_folder() throws Exception {
    Path target = Files.writeString(root.resolve("precious"), "keep");
    for (String name :
        List.of(
            "model.json",
            "weights.safetensors",
            "preprocess.json",
            "MODEL_CARD.md",
            "SHA256SUMS",
            "SHA256SUMS.part")) {
      Files.deleteIfExists(folder.resolve(name));
      Files.createSymbolicLink(folder.resolve(name), target);
    }
    ModelFolder.write(folder, contents());
    assertThat(target).hasContent("keep");
    ModelFolder.open(folder);
  }

  @Test
  void fault_43_a_model_of_a_newer_format_is_refused_with_both_versions() throws Exception {
    replaceModel(
        text ->
            text.replace("\"format_version\": 1", "\"format_version\": 2")
                .replace("\"written_by\": \"0.1.0\"", "\"written_by\": \"2.3\"")
                .replace("\"task\"", "\"quantised\": true,\n  \"task\""));
    refused(Kind.TOO_NEW, "written by 2.3 (model format 2), this is 0.1.0 (format 1); upgrade");
  }

  @Test
  void unknown_keys_and_other_formats_are_refused() throws Exception {
    replaceModel(text -> text.replace("\"task\"", "\"tasc\": 1,\n  \"task\""));
    refused(Kind.CORRUPT, "expected the keys");
    write();
    replaceModel(text -> text.replace("bellows-model", "other-model"));
    refused(Kind.CORRUPT, "\"format\": \"bellows-model\"");
  }

  @Test
  void fault_41_a_deep_or_huge_model_json_is_refused() throws Exception {
    replaceModel(text -> "[".repeat(5000));
    refused(Kind.CORRUPT, "model.json");
    write();
    replaceModel(text -> text.replace("classification", "x".repeat(17 << 20)));
    refused(Kind.REFUSED, "at most 16777216 bytes");
  }

  private void replaceModel(java.util.function.UnaryOperator<String> change) throws Exception {
    Path file = folder.resolve("model.json");
    String before = Files.readString(file);
    String after = change.apply(before);
    assertThat(after).isNotEqualTo(before);
    Files.writeString(file, after);
    Path sums = folder.resolve("SHA256SUMS");
    Files.writeString(
        sums,
        Files.readString(sums)
            .replace(
                sha256(before.getBytes(StandardCharsets.UTF_8)),
                sha256(after.getBytes(StandardCharsets.UTF_8))));
  }

  private void refused(Kind kind, String message) {
    assertThatThrownBy(() -> ModelFolder.open(folder))
        .isInstanceOfSatisfying(ModelFileException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void the_card_escapes_names_that_come_from_the_data() {
    String card =
        ModelCard.render(
            "run <script>",
            "classification",
            "dense 3",
            Map.of("target\n# x", "a|b"),
            Map.of("accuracy", 0.5, "auc", Double.NaN),
            contents().provenance(),
            List.of("column `x` is constant"));
    assertThat(card)
        .contains(
            "run &lt;script>",
            "target # x: a\\|b",
            "auc: undefined",
            "\\`x\\` is constant",
            "9f31c2ab")
        .doesNotContain("<script");
  }
}
