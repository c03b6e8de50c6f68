package dev.bellows.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.bellows.jobs.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  static final String SMALL =
      """
      version: 1
      task: classification
      data:
        train: {format: csv, path: adult.csv}
        validation: {fraction: 0.1}
      target: {name: income}
      model:
        type: network
        layers:
          - {dense: {units: 32, activation: relu}}
          - {dropout: {rate: 0.3}}
          - {dense: {units: 2}}
      trainer:
        epochs: 3
        optimizer: {adam: {learning_rate: 0.01}}
      """;

  @TempDir Path folder;

  static List<Problem> problems(String yaml) {
    ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigLoader.parse(yaml));
    assertThat(e).as("must be refused: %s", yaml).isNotNull();
    assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG);
    return e.problems();
  }

  private Path file(String name, String text) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void defaultsAreFilledIn() {
    RunConfig config = ConfigLoader.parse(SMALL).config();
    assertThat(config.trainer().batchSize()).isEqualTo(128);
    assertThat(config.trainer().epochs()).isEqualTo(3);
    assertThat(config.trainer().optimizer().kind()).isEqualTo(OptimizerConfig.Kind.ADAM);
    assertThat(config.trainer().optimizer().learningRate()).isEqualTo(0.01);
    assertThat(config.trainer().optimizer().beta2()).isEqualTo(0.999);
    assertThat(config.distributed().deadline()).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.data().validation().stratify()).isTrue();
    assertThat(config.data().test().present()).isFalse();
    assertThat(config.model().layers())
        .extracting(LayerConfig::type)
        .containsExactly("dense", "dropout", "dense");
    assertThat(config.model().layers().get(0).options())
        .containsEntry("units", 32L)
        .containsEntry("activation", "relu");
    assertThat(config.features().of("anything").type()).isEqualTo(FeatureConfig.Type.AUTO);
  }

  @Test
  void resolvedYamlReadsBackAsTheSameConfiguration() {
    Loaded loaded = ConfigLoader.parse(SMALL);
    Loaded again = ConfigLoader.parse(loaded.resolvedYaml());
    assertThat(again.config()).isEqualTo(loaded.config());
    assertThat(again.resolvedYaml()).isEqualTo(loaded.resolvedYaml());
  }

  @Test
  void fault_46_unknownKeyNamesPlaceAndNearestKey() {
    String yaml = SMALL.replace("  epochs: 3\n", "  lerning_rate: 0.1\n  epochs: 2.7\n");
    assertThat(problems(yaml))
        .extracting(p -> p.line() + ":" + p.column() + " " + p.key() + " " + p.message())
        .containsExactly(
            "14:3 trainer.lerning_rate unknown key; did you mean trainer.optimizer.*.learning_rate?",
            "15:11 trainer.epochs expected a whole number >= 1, found \"2.7\"");
  }

  @Test
  void setIsStrongerThanVariableAndFile() {
    Loaded loaded =
        load(
            file(SMALL),
            List.of("trainer.epochs=9"),
            Map.of("BELLOWS_SET", "trainer.epochs=5; trainer.batch_size=64"));
    assertThat(loaded.config().trainer().epochs()).isEqualTo(9);
    assertThat(loaded.config().trainer().batchSize()).isEqualTo(64);
  }

  @Test
  void setReplacesTheAlternativeOfAChoiceAndReachesIntoLists() {
    Loaded loaded =
        load(
            file(SMALL),
            List.of(
                "trainer.optimizer.sgd.momentum=0.9",
                "model.layers[0].dense.units=8",
                "trainer.schedule=cosine"),
            Map.of());
    assertThat(loaded.config().trainer().optimizer().kind()).isEqualTo(OptimizerConfig.Kind.SGD);
    assertThat(loaded.config().trainer().optimizer().learningRate()).isEqualTo(0.1);
    assertThat(loaded.config().model().layers().get(0).options())
        .containsEntry("units", 8L)
        .containsEntry("activation", "relu");
  }

  @Test
  void wrongSetNamesTheOption() {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class,
            () -> load(file(SMALL), List.of("trainer.epochs=x", "nonsense"), Map.of()));
    assertThat(e.problems()).extracting(Problem::origin).containsOnly("--set");
    assertThat(e).hasMessageContaining("trainer.epochs").hasMessageContaining("expected KEY=VALUE");
  }

  @Test
  void baseIsReadFromTheFolderOnly() throws Exception {
    file("base/small.yaml", SMALL);
    Path child = file("child.yaml", "version: 1\nbase: base/small.yaml\ntrainer: {epochs: 7}\n");
    RunConfig config = ConfigLoader.load(child, List.of(), Map.of()).config();
    assertThat(config.trainer().epochs()).isEqualTo(7);
    assertThat(config.trainer().optimizer().learningRate()).isEqualTo(0.01);

    Path outside = file("base/up.yaml", "version: 1\nbase: ../child.yaml\n");
    assertThatThrownBy(() -> ConfigLoader.load(outside, List.of(), Map.of()))
        .hasMessageContaining("2:7  base")
        .hasMessageContaining("beside this one or below");
    Path absolute = file("abs.yaml", "version: 1\nbase: /etc/passwd\n");
    assertThatThrownBy(() -> ConfigLoader.load(absolute, List.of(), Map.of()))
        .hasMessageContaining("beside this one");
    Path cycle = file("a.yaml", "version: 1\nbase: b.yaml\n");
    file("b.yaml", "version: 1\nbase: a.yaml\n");
    assertThatThrownBy(() -> ConfigLoader.load(cycle, List.of(), Map.of()))
        .hasMessageContaining("can't be based on itself");
    Files.createSymbolicLink(folder.resolve("base/link.yaml"), folder.resolve("child.yaml"));
    Path link = file("base/bylink.yaml", "version: 1\nbase: link.yaml\n");
    assertThatThrownBy(() -> ConfigLoader.load(link, List.of(), Map.of()))
        .hasMessageContaining("through a link");
    Path missing = file("missing.yaml", "version: 1\nbase: none.yaml\n");
    assertThatThrownBy(() -> ConfigLoader.load(missing, List.of(), Map.of()))
        .hasMessageContaining("no such file: none.yaml");
  }

  @Test
  void dataPathsStartAtTheDataFolder() {
    Loaded here = load(file(SMALL), List.of(), Map.of("BELLOWS_DATA", "/data"));
    assertThat(here.config().data().train().path()).isEqualTo("/data/adult.csv");
    Loaded remote =
        load(
            file(SMALL),
            List.of("data.train.path='hdfs://nn/adult/*.csv'"),
            Map.of("BELLOWS_DATA", "/data"));
    assertThat(remote.config().data().train().path()).isEqualTo("hdfs://nn/adult/*.csv");
    assertThat(ConfigLoader.parse(here.resolvedYaml()).config()).isEqualTo(here.config());
  }

  @Test
  void sectionsOfLaterReleasesAreKnownAndRefused() {
    assertThat(problems(SMALL + "cv: {folds: 5}\ntracking: {}\n"))
        .extracting(Problem::message)
        .allMatch(m -> m.startsWith("is not in this version"));
    assertThat(problems(SMALL.replace("type: network", "type: gbdt")))
        .anyMatch(p -> p.message().contains("not in this version"));
    assertThat(problems(SMALL.replace("- {dropout: {rate: 0.3}}", "- {capsule: {filters: 3}}")))
        .anyMatch(
            p ->
                p.key().equals("model.layers[1].capsule")
                    && p.message().contains("not in this version"));
  }

  /** Layers and their options are those of the engine; what is not given is not written. */
  @Test
  void layersOfTheEngineAreKeys() {
    String layers =
        "- {embedding: {dim: 8, name: tokens}}\n"
            + "    - {slice: {axis: 0, from: -1, inputs: [tokens], learning_rate_factor: 0.1}}";
    Loaded loaded = ConfigLoader.parse(SMALL.replace("- {dropout: {rate: 0.3}}", layers));
    LayerConfig slice = loaded.config().model().layers().get(2);
    assertThat(slice.options())
        .containsEntry("inputs", List.of("tokens"))
        .containsEntry("from", -1L)
        .doesNotContainKeys("name", "to", "trainable");
    assertThat(loaded.resolvedYaml()).doesNotContain("weights_of");
    assertThat(problems(SMALL.replace("{rate: 0.3}", "{rate: 0.3, nam: x}")))
        .anyMatch(p -> p.line() > 0 && p.message().contains("did you mean"));
    assertThat(problems(SMALL.replace("{dropout: {rate: 0.3}}", "{embeding: {dim: 3}}")))
        .anyMatch(p -> p.message().contains("did you mean embedding?"));
    assertThat(problems(SMALL.replace("{dropout: {rate: 0.3}}", "{embedding: {dim: 0}}")))
        .anyMatch(p -> p.key().equals("model.layers[1].embedding.dim"));
  }

  @Test
  void kindOfFileFollowsItsSections() {
    String evaluate =
        "version: 1\nmodel_path: runs/a/model\ndata: {test: {format: csv, path: a.csv, schema: from_model}}\n";
    assertThat(ConfigLoader.parse(evaluate).config().kind()).isEqualTo(RunConfig.Kind.EVALUATE);
    String predict =
        "version: 1\nmodel_path: runs/a/model\ndata: {input: {format: parquet, path: new/}}\n";
    Loaded loaded = ConfigLoader.parse(predict);
    assertThat(loaded.config().kind()).isEqualTo(RunConfig.Kind.PREDICT);
    assertThat(loaded.config().predict().columns()).containsExactly("prediction", "probability");
    assertThat(ConfigLoader.parse(loaded.resolvedYaml()).config()).isEqualTo(loaded.config());
  }

  private Path file(String text) {
    try {
      return file("small.yaml", text);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static Loaded load(Path file, List<String> sets, Map<String, String> environment) {
    return ConfigLoader.load(file, sets, environment);
  }
}
