package dev.bellows.jobs.config;

import static dev.bellows.jobs.config.ConfigLoaderTest.SMALL;
import static dev.bellows.jobs.config.ConfigLoaderTest.problems;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows 46 to 50 of the fault list. */
class ConfigFaultsTest {
  @TempDir Path folder;

  private ConfigException load(String name, byte[] content) throws Exception {
    Path file = Files.write(folder.resolve(name), content);
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class, () -> ConfigLoader.load(file, List.of(), Map.of()));
    assertThat(e).as(name).isNotNull();
    return e;
  }

  private ConfigException load(String content) throws Exception {
    return load("c.yaml", content.getBytes(StandardCharsets.UTF_8));
  }

  /** Every known key with one letter changed is refused, and nothing of it is taken silently. */
  @ParameterizedTest
  @ValueSource(strings = {"train.yaml", "evaluate.yaml", "predict.yaml"})
  void fault_46_everyKeyWithOneLetterChangedFails(String name) throws Exception {
    String resolved = ConfigLoader.parse(Everything.of(name)).resolvedYaml();
    String[] lines = resolved.split("\n");
    int changed = 0;
    for (int i = 0; i < lines.length; i++) {
      for (String key : Everything.keysOf(lines[i])) {
        for (String wrong :
            List.of(
                key.charAt(0) == 'q' ? "z" + key.substring(1) : "q" + key.substring(1),
                key + "x")) {
          String[] copy = Arrays.copyOf(lines, lines.length);
          copy[i] = Everything.rename(lines[i], key, wrong);
          String yaml = String.join("\n", copy);
          ConfigException e =
              catchThrowableOfType(ConfigException.class, () -> ConfigLoader.parse(yaml));
          assertThat(e)
              .as("%s instead of %s in line %d: %s", wrong, key, i + 1, lines[i])
              .isNotNull();
          changed++;
        }
      }
    }
    assertThat(changed).isGreaterThan(30);
  }

  @Test
  void fault_46_allProblemsTogetherInFileOrder() throws Exception {
    ConfigException e =
        load(
            SMALL
                .replace("task: classification", "tsk: classification")
                .replace("rate: 0.3", "rate: 1.2")
                .replace("epochs: 3", "epohcs: 3"));
    assertThat(e.problems()).hasSize(4);
    assertThat(e.getMessage())
        .startsWith("c.yaml: 4 problems, nothing was started")
        .contains("tsk")
        .contains("did you mean task?")
        .contains("model.layers[1].dropout.rate")
        .contains("expected a number in [0, 1), found \"1.2\"")
        .contains("did you mean trainer.epochs?");
  }

  @Test
  void fault_47_duplicateKey() throws Exception {
    assertThat(load(SMALL + "seed: 1\nseed: 2\n"))
        .hasMessageContaining("17:1  seed")
        .hasMessageContaining("given twice");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seed: &a 1|anchors",
        "seed: *a|aliases",
        "seed: !!int 1|tags",
        "seed: !java.util.Date {}|tags",
        "'? [a, b]\n: 1'|a key must be a name",
        "'output:\n\tdir: a'|indent with spaces",
        "'---\nversion: 1'|a second document",
      })
  void fault_47_refusedYaml(String line, String message) throws Exception {
    ConfigException e = load(SMALL + line + "\n");
    assertThat(e.getMessage()).contains(message);
    assertThat(e.problems()).anyMatch(p -> p.line() >= 15);
  }

  @Test
  void fault_47_emptyTooLargeNotUtf8NotThere() throws Exception {
    assertThat(load("")).hasMessageContaining("the file is empty");
    assertThat(load("# only a comment\n")).hasMessageContaining("the file is empty");
    assertThat(load("just text")).hasMessageContaining("expected a mapping");
    assertThat(load("c.yaml", new byte[YamlReader.MAX_BYTES + 10]))
        .hasMessageContaining("larger than 10 MB");
    assertThat(load("c.yaml", new byte[] {'a', ':', ' ', (byte) 0xff}))
        .hasMessageContaining("not UTF-8");
    ConfigException missing =
        catchThrowableOfType(
            ConfigException.class,
            () -> ConfigLoader.load(folder.resolve("none.yaml"), List.of(), Map.of()));
    assertThat(missing).hasMessageContaining("no such file");
  }

  @Test
  void fault_47_depth5000IsRefusedWithoutStackOverflow() throws Exception {
    assertThat(load("seed: " + "[".repeat(5000) + "]".repeat(5000)))
        .hasMessageContaining("nested deeper than 64");
    assertThat(load("seed: " + "{a: ".repeat(5000) + "1" + "}".repeat(5000)))
        .hasMessageContaining("nested deeper than 64");
    StringBuilder block = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      block.append(" ".repeat(i)).append("a:\n");
    }
    assertThat(load(block.toString())).hasMessageContaining("nested deeper than 64");
  }

  @Test
  void byteOrderMarkAndWindowsLinesAreFine() throws Exception {
    Path file =
        Files.writeString(folder.resolve("bom.yaml"), "\uFEFF" + SMALL.replace("\n", "\r\n"));
    assertThat(ConfigLoader.load(file, List.of(), Map.of()).config())
        .isEqualTo(ConfigLoader.parse(SMALL).config());
  }

  /** Scalars are typed as YAML 1.2 says or refused with a reason; nothing is coerced. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trainer.epochs|2.7|expected a whole number",
        "trainer.epochs|1e1|expected a whole number",
        "trainer.epochs|0123|leading zero",
        "trainer.epochs|1_000|no _ in numbers",
        "trainer.epochs|0x10|in decimal",
        "trainer.epochs|\"10\"|remove the quotes",
        "trainer.epochs|ten|expected a whole number",
        "trainer.epochs|~|found nothing",
        "trainer.epochs|[1]|found a list of 1",
        "trainer.epochs|99999999999999999999|at most",
        "trainer.l2|.nan|must be finite",
        "trainer.l2|.inf|must be finite",
        "trainer.l2|1e999|expected a number",
        "trainer.l2|-1|>= 0",
        "trainer.l2|1,5|expected a number",
        "trainer.checkpoint.keep_best|no|only true and false",
        "trainer.checkpoint.keep_best|on|only true and false",
        "trainer.checkpoint.keep_best|1|expected true or false",
        "trainer.checkpoint.keep_best|\"true\"|remove the quotes",
        "target.name|1|in quotes",
        "target.name|true|in quotes",
        "target.name|1.5e3|in quotes",
        "target.name|null|found nothing",
        "distributed.deadline|30|a time such as",
        "distributed.deadline|30 sec|a time such as",
        "trainer.checkpoint.every|0 steps|a distance such as",
        "task|clasification|did you mean classification?",
      })
  void fault_48_typedOrRefusedNeverCoerced(String key, String value, String message) {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class, () -> ConfigLoader.parse(SMALL, List.of(key + "=" + value)));
    assertThat(e).as("%s: %s", key, value).isNotNull();
    assertThat(e.getMessage()).contains(key).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"1e-3|0.001", "1|1.0", ".5|0.5", "5.|5.0", "1E2|100.0", "+2|2.0"})
  void fault_48_numbersOfYaml12(String text, double value) {
    assertThat(ConfigLoader.parse(SMALL, List.of("trainer.l2=" + text)).config().trainer().l2())
        .isEqualTo(value);
  }

  @Test
  void fault_48_textThatOtherReadersMistakeStaysText() {
    RunConfig config =
        ConfigLoader.parse(SMALL, List.of("target.name=no", "data.id='0123'")).config();
    assertThat(config.target().name()).isEqualTo("no");
    assertThat(config.data().id()).isEqualTo("0123");
    Loaded again =
        ConfigLoader.parse(
            ConfigLoader.parse(SMALL, List.of("target.name=no", "data.id='1_0'")).resolvedYaml());
    assertThat(again.config().target().name()).isEqualTo("no");
    assertThat(again.config().data().id()).isEqualTo("1_0");
  }

  /** Rules over two keys name both. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model.layers[1].dropout.rate=1.2|model.layers[1].dropout.rate|[0, 1)",
        "trainer.optimizer.adam.momentum=0.9|trainer.optimizer.adam.momentum|adam has no momentum; it belongs to sgd",
        "model.layers[2].dense.units=1; model.loss=softmax_cross_entropy|model.layers[2].dense.units|model.loss is softmax",
        "model.loss=sigmoid_cross_entropy|model.layers[2].dense.units|model.loss sigmoid_cross_entropy",
        "target.classes=3|model.layers[2].dense.units|target.classes is 3",
        "model.loss=mse|model.loss|task is classification",
        "task=regression; model.loss=hinge|model.loss|task is regression",
        "task=regression|model.layers[2].dense.units|task regression",
        "task=regression; data.validation.stratify=true|data.validation.stratify|task is regression",
        "data.test.fraction=0.95|data.validation.fraction|data.test.fraction",
        "trainer.optimizer.sgd.nesterov=true|trainer.optimizer.sgd.nesterov|trainer.optimizer.sgd.momentum",
        "trainer.gradient_clip={value: 1, norm: 1}|trainer.gradient_clip.value|trainer.gradient_clip.norm",
        "trainer.schedule.cosine.min_rate=0.5|trainer.schedule.cosine.min_rate|trainer.optimizer.adam.learning_rate",
        "distributed.slices=256|distributed.slices|trainer.batch_size",
        "trainer.early_stopping.metric=val_loss; data.validation.fraction=0|trainer.early_stopping.metric|data.validation",
        "trainer.early_stopping.metric=val_mae|trainer.early_stopping.metric|task is classification",
        "features.income.type=category|features.income|target.name",
        "data.id=income|data.id|target.name",
        "data.weight=w; features.w.type=number|features.w|data.weight",
        "target.scale=standard|target.scale|task is classification",
        "target.classes=3; target.positive=a|target.positive|target.classes",
        "model={type: linear}|model.type|task is classification",
        "task=regression; model={type: logistic}|model.type|task is regression",
        "model={type: logistic, layers: []}|model.layers|it belongs to type network",
        "data.train.images=a|data.train.images|it belongs to format idx",
        "model.layers[2].dense.activation=softmax|model.layers[2].dense.activation|model.loss",
        "model.layers=[{dropout: {rate: 0.5}}]|model.layers[0]|the last layer must give the raw outputs",
        "model.layers=[{activation: {kind: relu, alpha: 1}}]|model.layers[0].activation.alpha|belongs to kind leaky_relu, kind elu",
        "model.loss={softmax_cross_entropy: {class_weights: [1, 2, 3]}}; target.classes=2|class_weights|target.classes is 2",
        "model.loss={mse: {delta: 1}}|model.loss.mse.delta|mse has no delta; it belongs to huber",
        "model.loss={focal: {gamma: -1}}|model.loss.focal.gamma|>= 0",
        "model.loss={focal: {quantile: 0.5}}|model.loss.focal.quantile|focal has no quantile; it belongs to pinball",
        "model.loss=dise|model.loss|did you mean dice?",
        "model.loss=pinball|model.loss|task is classification",
        "task=regression; model.loss=poisson; target.scale=standard|target.scale|model.loss is poisson",
        "data.train.separator=ab|data.train.separator|one character",
        "data.train.schema=from_model|data.train.schema|stored model",
        "trainer.batch_size=0|trainer.batch_size|>= 1",
        "device=gpu|device|not in this version",
        "output.tensorboard=true|output.tensorboard|not in this version",
      })
  void fault_49_rangeAndCrossFieldErrorsNameBothKeys(String sets, String key, String message) {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class,
            () -> ConfigLoader.parse(SMALL, Arrays.asList(sets.split("; "))));
    assertThat(e).as(sets).isNotNull();
    assertThat(e.getMessage()).contains(key).contains(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "password: hunter2",
        "data: {token: hunter2}",
        "output: {api_key: hunter2}",
        "output: {dir: 's3a://AKIAABCDEFGHIJKLMNOP:hunter2@bucket/x'}",
        "output: {dir: 'x AKIAABCDEFGHIJKLMNOP'}",
      })
  void fault_50_secretInFileIsRefusedAndNeverShown(String line) {
    List<Problem> problems = problems("version: 1\n" + line + "\n");
    assertThat(problems).anyMatch(p -> p.message().contains("secrets don't belong"));
    assertThat(problems.toString()).doesNotContain("hunter2").doesNotContain("AKIA");
  }

  @Test
  void fault_50_secretInSetIsRefusedAndNeverShown() {
    for (String set :
        List.of(
            "spark.authenticate.secret=hunter2",
            "output.secret_key=hunter2",
            "output.dir=hdfs://a:hunter2@nn/x")) {
      ConfigException e =
          catchThrowableOfType(
              ConfigException.class, () -> ConfigLoader.parse(SMALL, List.of(set)));
      assertThat(e).as(set).isNotNull();
      assertThat(e.getMessage()).contains("--set").doesNotContain("hunter2");
    }
  }
}
