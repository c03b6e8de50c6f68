package dev.bellows.jobs.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.Initializer;
import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.jobs.config.RunConfig.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of keys against what is committed and what the engine knows. */
class ConfFilesTest {
  static List<Path> files() throws Exception {
    Path conf = Path.of("..", "conf");
    try (Stream<Path> all = Files.list(conf)) {
      return all.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @Test
  void allExamplesAreThere() throws Exception {
    assertThat(files())
        .extracting(f -> f.getFileName().toString())
        .contains(
            "digits.yaml",
            "digits-standalone.yaml",
            "digits-evaluate.yaml",
            "digits-predict.yaml",
            "mnist.yaml",
            "mnist-cnn.yaml",
            "fashion-mnist.yaml",
            "fashion-mnist-cnn.yaml",
            "cifar10-resnet20.yaml",
            "adult.yaml",
            "a9a.yaml",
            "california.yaml",
            "tiny-shakespeare.yaml",
            "atis.yaml",
            "atis-joint.yaml",
            "multi30k.yaml",
            "names.yaml",
            "fsdd.yaml",
            "sst2.yaml");
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyCommittedConfigurationLoadsAndReadsBack(Path file) {
    Loaded loaded = ConfigLoader.load(file, List.of(), Map.of("BELLOWS_DATA", "/data"));
    Loaded again = ConfigLoader.parse(loaded.resolvedYaml());
    assertThat(again.config()).isEqualTo(loaded.config());
    assertThat(again.resolvedYaml()).isEqualTo(loaded.resolvedYaml());
    // The engine takes each layer as it is written.
    for (LayerConfig layer : loaded.config().model().layers()) {
      if (!layer.type().equals("flatten")) {
        Map<String, Object> options = new LinkedHashMap<>(layer.options());
        options.replace("units", "auto", 3L); // the data says how many
        assertThat(LayerSpec.fromJson(Map.of(layer.type(), options)).toJson()).isNotEmpty();
      }
    }
  }

  @Test
  void fashionMnistIsMnistWithOtherFiles() {
    Path conf = Path.of("..", "conf");
    RunConfig mnist = ConfigLoader.load(conf.resolve("mnist.yaml"), List.of(), Map.of()).config();
    RunConfig fashion =
        ConfigLoader.load(conf.resolve("fashion-mnist.yaml"), List.of(), Map.of()).config();
    assertThat(fashion.model()).isEqualTo(mnist.model());
    assertThat(fashion.data().train().images()).contains("fashion-mnist/train-images");
  }

  /** The table's defaults are pinned: changing one is a decision. */
  @Test
  void defaultsArePinned() {
    String resolved =
        ConfigLoader.parse(
                "version: 1\ntask: classification\ndata: {train: {format: csv, path: /a.csv}}\nmodel: {type: logistic}\n")
            .resolvedYaml();
    assertThat(resolved)
        .isEqualTo(
            """
            version: 1
            seed: 0
            task: classification
            data:
              train:
                format: csv
                path: /a.csv
                header: true
                separator: ","
                quote: "\\""
                escape: "\\""
                trim: true
                na: [""]
                columns: []
                encoding: UTF-8
                multiline: false
                schema: own
              validation: {fraction: 0.0, stratify: true, rows: random, span: []}
              test: {fraction: 0.0, stratify: true, rows: random, span: []}
              bad_rows: fail
              id: null
              weight: null
            features: {}
            target: {name: label, classes: auto, positive: null, unseen: fail, scale: none}
            targets: {}
            model: {type: logistic, loss: auto}
            trainer:
              epochs: 10
              batch_size: 128
              optimizer:
                adam: {learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1.0e-8, weight_decay: 0.0}
              schedule:
                constant: {warmup_steps: 0}
              l1: 0.0
              l2: 0.0
              gradient_clip: {value: null, norm: null}
              early_stopping: null
              ema: null
              measure_training: false
              on_nan: stop
              determinism: strict
              precision: float32
              checkpoint: {every: 1 epochs, keep: 2, keep_best: true}
              max_time: null
              fast_dev_run: 0
              overfit_batches: 0
            distributed:
              mode: parameter_server
              workers: auto
              shards: auto
              slices: auto
              consistency: bsp
              compression: none
              overlap: auto
              deadline: 30s
              max_failures: 2
              rebalance: false
              transport: auto
              placement: auto
              servers: []
              replicas: auto
            device: auto
            output: {dir: runs/run, report: true, tensorboard: false, format: parquet, mode: error_if_exists}
            cv:
              kind: auto
              folds: 5
              repeats: 1
              group: null
              time: null
              fold: null
              validation_rows: auto
              window_rows: all
              gap_rows: 0
              purge: 0
              share: 0.2
              metrics: []
              refit: true
              execution: auto
            """);
  }

  @Test
  void namesAreTheEnginesNames() {
    Set<String> activations = ids(Activation.values());
    activations.remove("step"); // has no gradient: a network that holds it can't be trained
    assertThat(new TreeSet<>(ModelKeys.ACTIVATIONS)).isEqualTo(activations);
    Key initializer = Objects.requireNonNull(ConfigKeys.find("model.layers[].dense.initializer"));
    for (Initializer known : Initializer.values()) {
      if (known != Initializer.ONE && known != Initializer.FORGET_GATE) { // starts of biases
        assertThat(initializer.spec().expects()).contains(known.name().toLowerCase(Locale.ROOT));
      }
    }
    Set<String> losses = LossKeys.loss().docs().keySet();
    for (LossKind kind : LossKind.values()) {
      assertThat(losses.contains(kind.id())).as(kind.id()).isEqualTo(kind.type().predicts());
    }
  }

  private static Set<String> ids(Enum<?>[] values) {
    return Arrays.stream(values)
        .map(v -> v.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Every key has a document, every default and every example is a value that its key takes. */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void tableIsConsistent(Kind kind) {
    Section root = ConfigKeys.root(kind);
    root.keys(
        "",
        (path, key) -> {
          assertThat(key.doc()).as(path).isNotBlank().endsWith(key.doc().endsWith(")") ? ")" : ".");
          if (!key.required() && !key.fallback().isEmpty() && !(key.spec() instanceof Section)) {
            takes(path, key, key.fallback(), !(key.spec() instanceof Switch));
          }
          if (!key.example().isEmpty()
              && !key.example().contains("...")
              && !path.contains("[]")
              && !(key.spec() instanceof Section)) {
            takes(path, key, key.example(), true);
          }
        });
  }

  private static void takes(String path, Key key, String text, boolean complete) {
    List<Problem> problems = new java.util.ArrayList<>();
    Tree tree = YamlReader.read("", text, problems);
    assertThat(problems).as(path).isEmpty();
    if (complete && tree != null && (key.name().isEmpty() || !(key.spec() instanceof Section))) {
      key.spec().bind(tree, path, new Binding("", new Section(), problems));
      problems.removeIf(p -> p.message().startsWith("is not in this version"));
      assertThat(problems).as("%s: %s", path, text).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyKeyCanBeExplained(Kind kind) {
    ConfigKeys.docs(kind)
        .keySet()
        .forEach(path -> assertThat(Explain.key(path)).as(path).isPresent());
  }

  @Test
  void explainShowsRangeDefaultAndExample() {
    assertThat(Explain.key("trainer.batch_size").orElseThrow())
        .contains("a whole number >= 1")
        .contains("default  128")
        .contains("example  batch_size: 256");
    assertThat(Explain.key("trainer.optimizer.*.learning_rate")).isPresent();
    assertThat(Explain.key("trainer.lerning_rate")).isEmpty();
    assertThat(Explain.nearest("trainer.lerning_rate"))
        .contains("trainer.optimizer.*.learning_rate");
  }

  @Test
  void schemaKnowsEveryTopLevelKeyAndRefusesOthers() {
    Map<String, Object> schema = JsonSchema.of(Kind.TRAIN);
    assertThat(schema).containsEntry("additionalProperties", false);
    assertThat(String.valueOf(((Map<?, ?>) schema.get("properties")).keySet()))
        .contains("task", "data", "features", "target", "model", "trainer");
    assertThat(String.valueOf(schema.get("required"))).contains("version", "task", "data", "model");
  }

  @Test
  void differencesNameKeyOldAndNew() {
    String base =
        "version: 1\ntask: classification\ndata: {train: {format: csv, path: /a.csv}}\nmodel: {type: logistic}\n";
    Loaded old = ConfigLoader.parse(base);
    Loaded changed =
        ConfigLoader.parse(base, List.of("trainer.epochs=12", "trainer.optimizer=sgd"));
    assertThat(Differences.between(old.resolvedYaml(), changed.resolvedYaml()))
        .containsEntry("trainer.epochs", "10 -> 12")
        .containsEntry("trainer.optimizer.sgd.learning_rate", "(absent) -> 0.1");
    assertThat(Differences.fromDefaults(changed))
        .containsEntry("trainer.epochs", "12")
        .containsEntry("task", "classification")
        .doesNotContainKey("trainer.batch_size");
  }
}
