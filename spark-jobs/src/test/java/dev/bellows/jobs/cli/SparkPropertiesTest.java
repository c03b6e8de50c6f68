package dev.bellows.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkPropertiesTest {
  private static final String SECRET = "hunter2 with blanks";

  @TempDir Path folder;

  @AfterEach
  void noFile() {
    System.clearProperty(SparkProperties.FILE);
  }

  private Path file() throws Exception {
    return Files.writeString(
        folder.resolve("spark.conf"),
        """
        # a comment
        spark.authenticate.secret    %s
        spark.a =b
        spark.b= c d\t
          spark.c : e=f
        spark.empty
        spark.regex (?i)secret|access[.]key
        spark.master\tlocal[3]
        other.key 1
        """
            .formatted(SECRET));
  }

  @Test
  void keysAndValuesAreReadAsSparkReadsThem() throws Exception {
    SparkProperties read = SparkProperties.read(file());
    assertThat(read.settings())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "spark.authenticate.secret",
                SECRET,
                "spark.a",
                "b",
                "spark.b",
                "c d",
                "spark.c",
                "e=f",
                "spark.empty",
                "",
                "spark.regex",
                "(?i)secret|access[.]key",
                "spark.master",
                "local[3]"));
    assertThat(read.others()).containsExactly("other.key");
    assertThat(read.toString()).doesNotContain("hunter2");
  }

  @Test
  void theFileSetsTheMasterUnlessAFlagDoes() throws Exception {
    assertThat(SparkProperties.given().settings()).isEmpty();
    System.setProperty(SparkProperties.FILE, file().toString());
    assertThat(SparkSessions.master(null)).isEqualTo("local[3]");
    assertThat(SparkSessions.master("local[1]")).isEqualTo("local[1]");
  }

  @Test
  void aFileThatCannotBeReadIsAUsageError() throws Exception {
    Path broken = Files.writeString(folder.resolve("broken"), "spark.a hunter2\\u00zz");
    for (Path path : List.of(broken, folder.resolve("none"))) {
      assertThatThrownBy(() -> SparkProperties.read(path))
          .isInstanceOfSatisfying(
              BellowsException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
          .hasMessageContaining(path.toString())
          .hasMessageNotContaining("hunter2");
    }
  }

  @Test
  void theSecureSettingsAreSparksAndHoldNoSecret() throws Exception {
    Path file = root().resolve("conf/spark-secure.conf");
    assertThat(SparkProperties.read(file).others()).isEmpty();
    assertThat(SparkProperties.read(file).settings())
        .containsEntry("spark.authenticate", "true")
        .containsEntry("spark.redaction.regex", "(?i)secret|password|token|access[.]key")
        .doesNotContainKeys("spark.authenticate.secret", "spark.authenticate.secret.file");
    assertThat(file).content().contains("encrypts its frames");
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return Files.exists(here.resolve("mvnw")) ? here : here.getParent();
  }

  /** Runs the start script in a folder of its own, with a program in the place of Java. */
  @Test
  void fault_50_theStartScriptPutsNoSecretOnACommandLine() throws Exception {
    Path root = root();
    Path installed = folder.resolve("installed");
    Files.createDirectories(installed.resolve("submit"));
    Files.createDirectories(installed.resolve("spark-jobs/target"));
    Path script = Files.copy(root.resolve("submit/bellows"), installed.resolve("submit/bellows"));
    Files.writeString(installed.resolve("pom.xml"), "<version>1</version>\n");
    Files.createFile(installed.resolve("spark-jobs/target/bellows-1.jar"));
    Files.writeString(installed.resolve("spark-jobs/target/classpath.txt"), "/some.jar");
    Path java = folder.resolve("jdk/bin/java");
    Files.createDirectories(java.getParent());
    Files.writeString(
        java,
        "#!/bin/sh\n[ \"$1\" = -XshowSettings:properties ] && echo '    java.specification.version = 17'"
            + " && exit\nfor a in \"$@\"; do echo \"arg $a\"; done\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    ProcessBuilder builder =
        new ProcessBuilder(
            "bash",
            script.toString(),
            "train",
            "--properties-file",
            file().toString(),
            "--conf",
            "spark.x=1 2",
            "-c",
            "a.yaml");
    builder.redirectErrorStream(true).environment().put("JAVA_HOME", folder.resolve("jdk") + "");
    builder.environment().remove("SPARK_HOME");
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(text.lines())
        .contains(
            "arg -Dbellows.spark.properties=" + file(), "arg -Dspark.x=1 2", "arg train", "arg -c")
        .doesNotContain("arg --conf", "arg --properties-file");
    assertThat(text).doesNotContain("hunter2");
    assertThat(process.exitValue()).isZero();
  }
}
