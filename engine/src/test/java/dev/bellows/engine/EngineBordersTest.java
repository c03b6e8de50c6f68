package dev.bellows.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders inside the engine: who may name which library, and no cycle between packages. */
@AnalyzeClasses(
    packages = "dev.bellows.engine",
    importOptions = ImportOption.DoNotIncludeTests.class)
class EngineBordersTest {
  @ArchTest
  static final ArchRule nativeLibrariesStayInTheCpuKernels =
      noClasses()
          .that()
          .resideOutsideOfPackage("..kernel.cpu..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.bytedeco..");

  @ArchTest
  static final ArchRule jcudaStaysInTheCudaKernels =
      noClasses()
          .that()
          .resideOutsideOfPackage("..kernel.cuda..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("jcuda..");

  @ArchTest
  static final ArchRule unsafeStaysInTensor =
      noClasses()
          .that()
          .resideOutsideOfPackage("..tensor..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("sun.misc..");

  @ArchTest
  static final ArchRule jacksonIsNamedByTheJsonClassOnly =
      noClasses()
          .that()
          .haveNameNotMatching(".*engine\\.model\\.Json(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.fasterxml.jackson..");

  @ArchTest
  static final ArchRule noClusterInTheEngine =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.spark..",
              "org.apache.hadoop..",
              "io.netty..",
              "scala..",
              "dev.bellows.ps..",
              "dev.bellows.jobs..");

  @ArchTest
  static final ArchRule noSharedRandomNumbers =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.Random")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.concurrent.ThreadLocalRandom")
          .orShould()
          .callMethod(Math.class, "random");

  @ArchTest
  static final ArchRule noWallClock =
      noClasses().should().callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule loadingNeverRunsCode =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.io.ObjectInputStream")
          .orShould()
          .callMethod(Class.class, "forName", String.class)
          .orShould()
          .callMethod(System.class, "exit", int.class)
          .orShould()
          .accessField(System.class, "out");

  @ArchTest
  static final ArchRule packagesFormNoCycle =
      slices().matching("dev.bellows.engine.(*)..").should().beFreeOfCycles();
}
