package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.source.DataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Translations, from two files of lines to written texts; numbers in digits and in words. */
@ExtendWith(SparkSessionExtension.class)
class TranslationTest {
  private static final List<String> ONES =
      List.of(
          "one",
          "two",
          "three",
          "four",
          "five",
          "six",
          "seven",
          "eight",
          "nine",
          "ten",
          "eleven",
          "twelve",
          "thirteen",
          "fourteen",
          "fifteen",
          "sixteen",
          "seventeen",
          "eighteen",
          "nineteen");
  private static final List<String> TENS =
      List.of("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety");

  @TempDir Path temp;

  private TrainOutcome train(SparkSession session, String name, String yaml, String... sets) {
    return TestRuns.train(session, temp.resolve(name), yaml, sets);
  }

  private Path write(String name, List<String> lines) throws IOException {
    Path file = temp.resolve(name);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write((String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  /** 442: four hundred forty two. */
  private static String words(int number) {
    List<String> words = new ArrayList<>();
    if (number >= 100) {
      words.addAll(List.of(ONES.get(number / 100 - 1), "hundred"));
    }
    int rest = number % 100;
    if (rest >= 20) {
      words.add(TENS.get(rest / 10 - 2));
      rest %= 10;
    }
    if (rest > 0) {
      words.add(ONES.get(rest - 1));
    }
    return String.join(" ", words);
  }

  /** Numbers from 1 on in digits and in words. */
  private void numbers(int rows) throws IOException {
    List<String> digits = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (int number = 1; number <= rows; number++) {
      digits.add(Integer.toString(number));
      words.add(words(number));
    }
    write("a.digits.gz", digits);
    write("a.words.gz", words);
  }

  private String yaml() {
    return """
        version: 1
        task: translation
        seed: 3
        data:
          train: {format: parallel, source: "%s/a.digits.gz", target: "%s/a.words.gz"}
          validation: {fraction: 0.2}
        features: {source: {type: text, tokenizer: chars}}
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
        trainer: {epochs: 14, batch_size: 16, optimizer: {adam: {learning_rate: 0.01}}, schedule: {cosine: {warmup_steps: 20}}}
        output: {dir: unused}
        """
        .formatted(temp, temp);
  }

  @Test
  @DisplayName("SEQ-21 translation of numbers into words: BLEU 0.95 or more of held-out numbers")
  void numbersBecomeWords(SparkSession session) throws Exception {
    numbers(999);
    TrainOutcome outcome = train(session, "model", yaml());
    assertThat(outcome.metrics().get("val_accuracy")).isGreaterThan(0.95);
    String evaluation = Files.readString(temp.resolve("model/evaluation/metrics.json"));
    double bleu = Double.parseDouble(evaluation.replaceAll("(?s).*\"bleu\" *: *([0-9.]+).*", "$1"));
    assertThat(bleu).isBetween(0.95, 1.0);
    Path input = write("new.digits.gz", List.of("442", "17"));
    String predict =
        "version: 1\nmodel_path: %s/model/model\ndata: {input: {format: parallel, source: %s}}\npredict: {keep: [source]}\noutput: {dir: %s/out}\n"
            .formatted(temp, input, temp);
    PredictJob.run(
        session, ConfigLoader.parse(predict, List.of()).config(), new RecordingConsole());
    List<Row> rows =
        session.read().parquet(temp + "/out/predictions").orderBy("row").collectAsList();
    assertThat(rows.get(0).schema().fieldNames()).containsExactly("row", "source", "prediction");
    assertThat(rows.get(0).<String>getAs("prediction")).isEqualTo("four hundred forty two");
    assertThat(rows.get(1).<String>getAs("prediction")).isEqualTo("seventeen");
  }

  @Test
  void fault_76_filesOfDifferentLengthAreRefused(SparkSession session) throws Exception {
    numbers(20);
    write("a.words.gz", List.of("one", "two"));
    assertThatThrownBy(() -> train(session, "short", yaml()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.words.gz ends before line 3")
        .hasMessageContaining("line i of one must belong to line i of the other");
  }

  @Test
  void fault_76_aBlankLineIsABadRowWithItsPlace(SparkSession session) throws Exception {
    numbers(3);
    write("a.words.gz", List.of("one", " ", "three"));
    assertThatThrownBy(() -> train(session, "blank", yaml()))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.digits.gz:2")
        .hasMessageContaining("a.words.gz, found a blank line");
  }

  @Test
  void oneTextCannotBeTranslated(SparkSession session) throws Exception {
    numbers(40);
    assertThatThrownBy(
            () -> train(session, "one", yaml(), "features.source.type=ignore", "trainer.epochs=1"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("translation needs two texts");
  }
}
