package dev.bellows.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.metric.Metric;
import dev.bellows.engine.metric.MetricSet;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.NioFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationFilesTest {
  @TempDir Path folder;

  private static Evaluation evaluation() {
    MetricSet set = MetricSet.classification(2, Metric.ofClassification(2));
    set.add(new float[] {0.9f}, 1, 0, 1, 1);
    set.add(new float[] {0.2f}, 1, 0, 0, 1);
    set.add(new float[] {0.6f}, 1, 0, 0, 0.5f);
    Map<String, double[][]> curves = new LinkedHashMap<>();
    curves.put("=1+1", set.curve(1, 100));
    return new Evaluation(
        3,
        2.5,
        0.25,
        set.result(),
        set.undefined(),
        List.of("a,\"b\"", "=1+1"),
        set.confusion(),
        set.perClass(),
        curves);
  }

  @Test
  void writes_the_four_files() throws Exception {
    EvaluationFiles.write(new NioFiles(folder), evaluation(), "test");
    Map<String, ?> tree =
        Json.parseObject(Files.readString(folder.resolve("metrics.json")), "metrics.json");
    assertThat(tree.get("rows")).isEqualTo(3L);
    assertThat(tree.get("rows_from")).isEqualTo("test");
    assertThat((Map<?, ?>) tree.get("metrics")).hasSize(Metric.ofClassification(2).size());
    assertThat(folder.resolve("confusion.csv"))
        .hasContent("true\\predicted,\"a,\"\"b\"\"\",'=1+1\n\"a,\"\"b\"\"\",1,0.5\n'=1+1,0,1\n");
    assertThat(folder.resolve("per_class.csv"))
        .content()
        .startsWith("class,support,predicted,precision,recall,f1\n\"a,\"\"b\"\"\",1.5,1,1,");
    assertThat(folder.resolve("curves.csv"))
        .hasContent(
            "class,threshold,true_positive_rate,false_positive_rate,precision\n"
                + "'=1+1,0.8999999761581421,1,0,1\n"
                + "'=1+1,0.6000000238418579,1,0.3333333333333333,0.6666666666666666\n"
                + "'=1+1,0.20000000298023224,1,1,0.4\n");
  }

  @Test
  void files_of_an_earlier_evaluation_do_not_stay() throws Exception {
    EvaluationFiles.write(new NioFiles(folder), evaluation(), "test");
    MetricSet set = MetricSet.regression(1, List.of("mae", "r2"));
    EvaluationFiles.write(
        new NioFiles(folder),
        new Evaluation(
            0,
            0,
            Double.NaN,
            set.result(),
            set.undefined(),
            List.of(),
            new double[0][],
            List.of(),
            Map.of()),
        "test");
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(folder.resolve("metrics.json"));
    }
    assertThat(folder.resolve("metrics.json"))
        .content()
        .contains("\"mae\": null", "\"mae\": \"no rows\"", "\"loss\": null");
  }
}
