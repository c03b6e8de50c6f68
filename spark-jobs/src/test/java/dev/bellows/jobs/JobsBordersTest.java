package dev.bellows.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders of the jobs module. */
@AnalyzeClasses(packages = "dev.bellows.jobs", importOptions = ImportOption.DoNotIncludeTests.class)
class JobsBordersTest {
  @ArchTest static final ArchRule picocliStaysInTheCli = only("..jobs.cli..", "picocli..");

  @ArchTest static final ArchRule yamlStaysInConfig = only("..jobs.config..", "org.snakeyaml..");

  @ArchTest
  static final ArchRule nativeAndNetworkLibrariesAreNotNamedHere =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.bytedeco..", "jcuda..", "io.netty..", "com.fasterxml.jackson..");

  @ArchTest
  static final ArchRule serverStateMachineIsSeenByTheClusterPackageOnly =
      noClasses()
          .that()
          .resideOutsideOfPackage("..jobs.cluster..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.bellows.ps.server..");

  @ArchTest
  static final ArchRule printingAndExitingBelongToTheCli =
      noClasses()
          .that()
          .resideOutsideOfPackage("..jobs.cli..")
          .should()
          .callMethod(System.class, "exit", int.class)
          .orShould()
          .accessField(System.class, "out");

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

  /** Of a barrier stage that gives a job's result Spark does not try a lost task again. */
  @ArchTest
  static final ArchRule fault_10_noStageIsABarrier =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("org.apache.spark.rdd.RDDBarrier")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("org.apache.spark.BarrierTaskContext");

  @ArchTest
  static final ArchRule theCoreOfStudiesKnowsNoSpark =
      noClasses()
          .that()
          .resideInAnyPackage(
              "..jobs.space..",
              "..jobs.study.trial..",
              "..jobs.study.sampler..",
              "..jobs.study.prune..",
              "..jobs.study.journal..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..");

  @ArchTest
  static final ArchRule packagesFormNoCycle =
      slices().matching("dev.bellows.jobs.(*)..").should().beFreeOfCycles();

  private static ArchRule only(String home, String library) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(home)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(library);
  }
}
