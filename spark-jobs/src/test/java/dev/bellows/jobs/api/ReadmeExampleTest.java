package dev.bellows.jobs.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.jobs.SparkSessionExtension;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The Java of the README compiles and does what it says. */
@ExtendWith(SparkSessionExtension.class)
final class ReadmeExampleTest {
  private static final Pattern EXAMPLE = Pattern.compile("(?s)```java\n(.*?)```");
  private static final String HEAD =
      """
      import dev.bellows.jobs.api.*;
      import java.nio.file.Path;
      import org.apache.spark.sql.*;
      public final class Example {
        public static void main(String[] args) throws Exception {
      """;

  @TempDir Path work;

  @Test
  void theExampleRuns(SparkSession spark) throws Exception {
    Frames.of(spark, 0, 300).write().parquet(work.resolve("census.parquet").toString());
    Files.writeString(work.resolve("census.yaml"), Frames.YAML);
    String here = Path.of("").toAbsolutePath().toString();
    Path readme = Path.of(here, "README.md");
    Matcher found =
        EXAMPLE.matcher(
            Files.readString(Files.exists(readme) ? readme : Path.of(here, "../README.md")));
    assertThat(found.find()).isTrue();
    String code = found.group(1);
    assertThat(code.lines().count()).isLessThanOrEqualTo(12);
    // A JVM cannot change its folder: the relative paths begin here.
    String placed = code.replaceAll("\"(census|runs|predicted)", "\"" + work + "/$1");
    compile(HEAD + placed + "}}\n");
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {work.toUri().toURL()}, Thread.currentThread().getContextClassLoader())) {
      loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) null);
    }
    Dataset<Row> predicted = spark.read().parquet(work.resolve("predicted.parquet").toString());
    assertThat(predicted.columns()).contains("id", "colour", "prediction", "probability");
    assertThat(predicted.count()).isEqualTo(300);
    assertThat(predicted.filter("prediction = label").count()).isGreaterThan(240);
    assertThat(work.resolve("runs/census/model")).isDirectory();
  }

  private void compile(String source) throws Exception {
    Path file = Files.writeString(work.resolve("Example.java"), source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of("-d", work.toString(), "-cp", classPath),
                  null,
                  files.getJavaFileObjects(file))
              .call();
      assertThat(compiled).as(messages.toString()).isTrue();
    }
  }
}
