package dev.bellows.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.jobs.SparkSessionExtension;
import dev.bellows.jobs.api.BellowsModel;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.evaluate.Evaluator;
import dev.bellows.jobs.predict.PredictJob;
import dev.bellows.jobs.source.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Texts, from files to trained, measured and used models; the texts are generated. */
@ExtendWith(SparkSessionExtension.class)
class TextTrainTest {
  private static final String[] SUBJECTS = {"cat", "dog", "bird"};
  private static final String[] VERBS = {"sees", "likes", "hears"};

  @TempDir Path temp;

  private static int draw(long seed, int n) {
    return Math.floorMod(Mix64.mix(seed), n);
  }

  private TrainOutcome train(SparkSession session, String name, String yaml, String... sets) {
    return TestRuns.train(session, temp.resolve(name), yaml, sets);
  }

  private Map<String, Double> evaluate(SparkSession session, String model, String source) {
    String yaml =
        "version: 1\nmodel_path: %s/model\ndata: {test: %s}\noutput: {dir: %s/eval}\n"
            .formatted(temp.resolve(model), source, temp);
    return Evaluator.run(
        session, ConfigLoader.parse(yaml, List.of()).config(), new RecordingConsole());
  }

  private Dataset<Row> predict(SparkSession session, String model, String source) {
    Path out = temp.resolve(model + "-out");
    String yaml =
        "version: 1\nmodel_path: %s/model\ndata: {input: %s}\noutput: {dir: %s}\n"
            .formatted(temp.resolve(model), source, out);
    PredictJob.run(session, ConfigLoader.parse(yaml, List.of()).config(), new RecordingConsole());
    return session.read().parquet(out + "/predictions").orderBy("row");
  }

  private static String sentence(long seed) {
    return "the "
        + SUBJECTS[draw(seed, 3)]
        + " "
        + VERBS[draw(seed + 1, 3)]
        + " the "
        + SUBJECTS[draw(seed + 2, 3)]
        + "\n";
  }

  private static String languageModel(Path corpus) {
    return """
        version: 1
        task: language_model
        seed: 3
        data:
          train: {format: text, path: "%s", window: 24}
          validation: {fraction: 0.1, rows: last}
        features: {text: {type: text, tokenizer: chars}}
        model:
          type: network
          layers:
            - {embedding: {dim: 24}}
            - {gru: {units: 48}}
            - {dropout: {rate: 0.1}}
            - {dense: {units: auto}}
        trainer: {epochs: 10, batch_size: 16, optimizer: {adam: {learning_rate: 0.01}}}
        output: {dir: unused}
        """
        .formatted(corpus);
  }

  @Test
  void aCharacterModelLearnsTheTextWhateverThePartitions(SparkSession session) throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      text.append(sentence(100 + 7L * i));
    }
    Path corpus = Files.writeString(temp.resolve("corpus.txt"), text);
    String yaml = languageModel(corpus);
    TrainOutcome one = train(session, "one", yaml, "distributed.workers=1");
    TrainOutcome four = train(session, "four", yaml, "distributed.workers=4");
    assertThat(four.sha256()).isEqualTo(one.sha256());
    // three free words of three in each sentence of 22 characters: ln 3 * 3 / 22 = 0.15 at best
    assertThat(one.metrics().get("val_log_loss")).isBetween(0.15, 0.45);
    Map<String, Double> all =
        evaluate(session, "one", "{format: text, path: %s, window: 24}".formatted(corpus));
    assertThat(all.get("perplexity")).isEqualTo(StrictMath.exp(all.get("log_loss")));
    List<Row> rows =
        predict(session, "one", "{format: text, path: %s, window: 24}".formatted(corpus))
            .collectAsList();
    List<String> next = rows.get(0).getList(rows.get(0).fieldIndex("prediction"));
    assertThat(next).hasSize(24).startsWith("h", "e", " ");
    List<?> probability = rows.get(0).getList(rows.get(0).fieldIndex("probability"));
    assertThat(probability).hasSize(24);
  }

  @Test
  void aStoppedCharacterModelGoesOnToTheSameBytes(SparkSession session) throws Exception {
    Path corpus = Files.writeString(temp.resolve("c.txt"), (sentence(1) + sentence(9)).repeat(40));
    String yaml = languageModel(corpus);
    String[] sets = {"trainer.epochs=2", "trainer.checkpoint.every=3 steps"};
    TrainOutcome whole = train(session, "whole", yaml, sets);
    System.setProperty(Failpoints.NAME, "driver.segment:6:throw");
    try {
      assertThatThrownBy(() -> train(session, "cut", yaml, sets)).isNotNull();
    } finally {
      System.clearProperty(Failpoints.NAME);
    }
    TrainOutcome resumed =
        ResumeJob.run(
            session,
            temp.resolve("cut"),
            new ResumeOptions(List.of(), false),
            new RecordingConsole());
    assertThat(resumed.sha256()).isEqualTo(whole.sha256());
  }

  @Test
  void aModelOfLinesDrawsLinesOfItsOwn(SparkSession session) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      lines.append(SUBJECTS[draw(i, 3)]).append(draw(i + 9L, 2) == 0 ? "s" : "").append('\n');
    }
    Path file = Files.writeString(temp.resolve("lines.txt"), lines);
    String yaml =
        languageModel(file).replace(", window: 24", "").replace("rows: last", "rows: random");
    TrainOutcome outcome = train(session, "lines", yaml);
    // ln 3 for the word and ln 2 for the plural, over 4.5 letters and the end
    assertThat(outcome.metrics().get("val_log_loss")).isBetween(0.3, 0.45);
    BellowsModel model = BellowsModel.load(temp.resolve("lines/model").toString());
    List<String> drawn = model.generate(40, 0.8, 5);
    assertThat(drawn).hasSize(40).contains("cat", "dogs");
    assertThat(drawn.stream().filter(text -> text.matches("(cat|dog|bird)s?")).count())
        .isGreaterThan(35);
    assertThat(model.generate(10, 0.8, 5)).isEqualTo(drawn.subList(0, 10));
    assertThat(model.generate(40, 0.8, 6)).isNotEqualTo(drawn);
  }

  private String tags(int rows, long seed) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      int n = 1 + draw(seed + 31L * i, 4);
      StringBuilder words = new StringBuilder();
      StringBuilder tags = new StringBuilder();
      for (int w = 0; w < n; w++) {
        long at = seed + 1000L * i + w;
        boolean noun = draw(at, 2) == 0;
        words.append(w == 0 ? "" : " ");
        words.append(noun ? SUBJECTS[draw(at + 5, 3)] : VERBS[draw(at + 5, 3)]);
        tags.append(w == 0 ? "" : " ").append(noun ? "NOUN" : "VERB");
      }
      lines.append(words).append('\t').append(tags).append('\n');
    }
    return lines.toString();
  }

  private static String tagging(Path train) {
    return """
        version: 1
        task: tagging
        seed: 3
        data:
          train: {format: text, path: "%s", pattern: '(?<text>[^\\t]*)\\t(?<tags>.*)'}
          validation: {fraction: 0.2}
        target: {name: tags}
        model:
          type: network
          layers:
            - {embedding: {dim: 8}}
            - {dense: {units: auto}}
        trainer: {epochs: 6, batch_size: 16, optimizer: {adam: {learning_rate: 0.02}}}
        output: {dir: unused}
        """
        .formatted(train);
  }

  @Test
  void aTaggerGivesOneTagPerToken(SparkSession session) throws Exception {
    Path file = Files.writeString(temp.resolve("tags.tsv"), tags(300, 5));
    TrainOutcome outcome = train(session, "tagger", tagging(file));
    assertThat(outcome.metrics().get("val_accuracy")).isEqualTo(1.0);
    Path input = Files.writeString(temp.resolve("new.txt"), "cat sees unheard dog\nbird\n");
    List<Row> rows =
        predict(session, "tagger", "{format: text, path: %s}".formatted(input)).collectAsList();
    List<String> first = rows.get(0).getList(rows.get(0).fieldIndex("prediction"));
    assertThat(first).hasSize(4);
    assertThat(List.of(first.get(0), first.get(1), first.get(3)))
        .containsExactly("NOUN", "VERB", "NOUN");
    List<String> second = rows.get(1).getList(rows.get(1).fieldIndex("prediction"));
    assertThat(second).containsExactly("NOUN");
  }

  @Test
  void aRowWithTooFewTagsIsRefusedWithItsLine(SparkSession session) throws Exception {
    Path file = Files.writeString(temp.resolve("bad.tsv"), tags(20, 5) + "cat sees\tNOUN\n");
    assertThatThrownBy(() -> train(session, "bad", tagging(file)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("bad.tsv:21")
        .hasMessageContaining("one tag for each of the 2 tokens, found 1 tags");
  }

  @Test
  void aBagOfWordsBesideANumberClassifiesLines(SparkSession session) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      boolean good = draw(i, 2) == 0;
      String word = good == (draw(i + 7L, 2) == 0) ? "fine" : "poor"; // right where the mark is 1
      lines.append(good ? "pos" : "neg").append(' ').append(draw(i + 7L, 2) == 0 ? 1 : 0);
      lines.append(' ').append(SUBJECTS[draw(i, 3)]).append(" is ").append(word).append('\n');
    }
    Path file = Files.writeString(temp.resolve("lines.txt"), lines);
    String yaml =
        """
        version: 1
        task: classification
        seed: 3
        data:
          train: {format: text, path: "%s", pattern: '(?<label>\\S+) (?<mark>[01]) (?<text>.*)'}
          validation: {fraction: 0.2}
        features: {text: {type: text, min_count: 2, max_length: 6}, mark: {type: number}}
        model:
          type: network
          layers:
            - {embedding: {dim: 8, inputs: [text], name: words}}
            - {time_pool: {kind: mean, inputs: [words, text.length], name: bag}}
            - {concat: {inputs: [bag, features]}}
            - {dense: {units: 16, activation: tanh}}
            - {dense: {units: auto}}
        trainer: {epochs: 12, batch_size: 16, optimizer: {adam: {learning_rate: 0.02}}}
        output: {dir: unused}
        """
            .formatted(file);
    TrainOutcome outcome = train(session, "bag", yaml);
    assertThat(outcome.metrics().get("val_accuracy")).isEqualTo(1.0);
  }
}
