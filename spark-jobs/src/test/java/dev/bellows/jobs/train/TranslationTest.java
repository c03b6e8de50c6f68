package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.Loaded;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.jobs.source.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Translations, from two files of lines to written texts; the sentences are drawn. */
@ExtendWith(SparkSessionExtension.class)
class TranslationTest {
  private static final List<String> ENGLISH = List.of("one", "two", "three", "four");
  private static final List<String> GERMAN = List.of("eins", "zwei", "drei", "vier");

  @TempDir Path temp;

  private TrainOutcome train(SparkSession session, String name, String yaml, String... sets) {
    Loaded loaded = ConfigLoader.parse(yaml, List.of(sets));
    RunFolder folder =
        RunFolder.create(
            temp.resolve(name),
            new RunFolder.Options(
                loaded.originalYaml(),
                loaded.resolvedYaml(),
                List.of("train"),
                true,
                false,
                Clock.systemUTC()));
    return TrainJob.run(session, loaded.config(), folder, new RecordingConsole());
  }

  private Path write(String name, List<String> lines) throws IOException {
    Path file = temp.resolve(name);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  /** English numbers and the same in German, the other way round. */
  private void sentences(int rows) throws IOException {
    List<String> english = new ArrayList<>();
    List<String> german = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      List<String> one = new ArrayList<>();
      List<String> other = new ArrayList<>();
      int length = 3 + Math.floorMod(Mix64.mix(i), 2);
      for (int w = 0; w < length; w++) {
        int word = Math.floorMod(Mix64.mix(1000L + 10L * i + w), 4);
        one.add(ENGLISH.get(word));
        other.add(0, GERMAN.get(word));
      }
      english.add(String.join(" ", one));
      german.add(String.join(" ", other));
    }
    write("a.en.gz", english);
    write("a.de.gz", german);
  }

  private String yaml() {
    return """
        version: 1
        task: translation
        seed: 3
        data:
          train: {format: parallel, source: "%s/a.en.gz", target: "%s/a.de.gz"}
          validation: {fraction: 0.2}
        target: {name: target}
        model:
          type: network
          layers:
            - {embedding: {dim: 16, inputs: [source], name: source_words}}
            - {gru: {units: 32, inputs: [source_words, source.length], return_state: true, name: encoder}}
            - {slice: {axis: 0, to: -1, inputs: [encoder], name: memory}}
            - {slice: {axis: 0, from: -1, inputs: [encoder], name: state}}
            - {embedding: {dim: 16, inputs: [target], name: target_words}}
            - {gru: {units: 32, inputs: [target_words, state], name: decoder}}
            - {attention: {score: general, inputs: [decoder, memory, source.length], name: context}}
            - {concat: {inputs: [decoder, context]}}
            - {dense: {units: auto}}
          loss: {softmax_cross_entropy: {per: position}}
        trainer: {epochs: 20, batch_size: 16, optimizer: {adam: {learning_rate: 0.01}}}
        output: {dir: unused}
        """
        .formatted(temp, temp);
  }

  @Test
  void aReversedTranslationIsLearntMeasuredAndWritten(SparkSession session) throws Exception {
    sentences(250);
    TrainOutcome outcome = train(session, "model", yaml());
    assertThat(outcome.metrics().get("val_accuracy")).isGreaterThan(0.95);
    String evaluation = Files.readString(temp.resolve("model/evaluation/metrics.json"));
    double bleu = Double.parseDouble(evaluation.replaceAll("(?s).*\"bleu\" *: *([0-9.]+).*", "$1"));
    assertThat(bleu).isBetween(0.9, 1.0);
    Path input = write("new.en.gz", List.of("one two three", "four four one two"));
    String predict =
        "version: 1\nmodel_path: %s/model/model\ndata: {input: {format: parallel, source: %s}}\npredict: {keep: [source]}\noutput: {dir: %s/out}\n"
            .formatted(temp, input, temp);
    PredictJob.run(
        session, ConfigLoader.parse(predict, List.of()).config(), new RecordingConsole());
    List<Row> rows =
        session.read().parquet(temp + "/out/predictions").orderBy("row").collectAsList();
    assertThat(rows.get(0).schema().fieldNames()).containsExactly("row", "source", "prediction");
    assertThat(rows.get(0).<String>getAs("prediction")).isEqualTo("drei zwei eins");
    assertThat(rows.get(1).<String>getAs("prediction")).isEqualTo("zwei eins vier vier");
  }

  @Test
  void fault_76_filesOfDifferentLengthAreRefused(SparkSession session) throws Exception {
    sentences(20);
    write("a.de.gz", List.of("eins", "zwei"));
    assertThatThrownBy(() -> train(session, "short", yaml()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.de.gz ends before line 3")
        .hasMessageContaining("line i of one must belong to line i of the other");
  }

  @Test
  void fault_76_aBlankLineIsABadRowWithItsPlace(SparkSession session) throws Exception {
    sentences(3);
    write("a.de.gz", List.of("eins", " ", "zwei"));
    assertThatThrownBy(() -> train(session, "blank", yaml()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.en.gz:2")
        .hasMessageContaining("a.de.gz, found a blank line");
  }

  @Test
  void oneTextCannotBeTranslated(SparkSession session) throws Exception {
    sentences(40);
    assertThatThrownBy(
            () ->
                train(session, "one", yaml(), "features.source={type: ignore}", "trainer.epochs=1"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("translation needs two texts");
  }
}
