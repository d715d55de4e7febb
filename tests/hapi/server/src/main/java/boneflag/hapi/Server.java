package boneflag.hapi;

import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.batch2.jobs.export.BulkDataExportProvider;
import ca.uhn.fhir.batch2.maintenance.JobMaintenanceServiceImpl;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.Hook;
import ca.uhn.fhir.interceptor.api.Interceptor;
import ca.uhn.fhir.interceptor.api.Pointcut;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binstore.DatabaseBinaryContentStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.dao.IFulltextSearchSvc;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.packages.IPackageInstallerSvc;
import ca.uhn.fhir.jpa.packages.PackageInstallationSpec;
import ca.uhn.fhir.jpa.packages.PackageInstallationSpec.InstallModeEnum;
import ca.uhn.fhir.jpa.packages.PackageInstallationSpec.VersionPolicyEnum;
import ca.uhn.fhir.jpa.packages.util.PackageUtils;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.jpa.validation.ValidationSettings;
import ca.uhn.fhir.rest.annotation.Operation;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.PreferHandlingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.LoggingInterceptor;
import ca.uhn.fhir.rest.server.interceptor.SearchPreferHandlingInterceptor;
import ca.uhn.fhir.rest.server.interceptor.validation.ValidationMessageUnknownCodeSystemPostProcessingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import ca.uhn.fhir.util.JsonUtil;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.persistence.EntityManagerFactory;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.dstu2.model.Subscription.SubscriptionChannelType;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * A HAPI FHIR JPA server for R4 on H2, for tests. It uses Spring without Spring Boot because nothing
 * here needs auto-configuration, and scanning for it would only delay the start.
 */
@Configuration
@Import({
    HapiJpaConfig.class,
    JpaR4Config.class,
    JpaBatch2Config.class,
    Batch2JobsConfig.class,
    SubscriptionSubmitterConfig.class,
    SubscriptionProcessorConfig.class,
    SubscriptionChannelConfig.class,
    ThreadPoolFactoryConfig.class
})
public class Server {

    private static String setting(String name, String otherwise) {
        return System.getProperty("boneflag." + name, otherwise);
    }

    private static boolean isOn(String name) {
        return Boolean.parseBoolean(setting(name, "true"));
    }

    public static void main(String[] arguments) {
        try {
            start();
            // The test process holds the other end: when it dies, even by a kill, no JVM stays behind.
            while (System.in.read() >= 0) {}
            System.exit(0);
        } catch (Throwable failure) {
            failure.printStackTrace();
            System.exit(1);
        }
    }

    private static void start() throws Exception {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext(Server.class);

        ServletContextHandler handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(context.getBean(RestfulServer.class)), "/fhir/*");

        org.eclipse.jetty.server.Server jetty = new org.eclipse.jetty.server.Server();
        ServerConnector connector = new ServerConnector(jetty);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.getInteger("boneflag.port"));
        jetty.addConnector(connector);
        jetty.setHandler(handler);

        // Requests end before the database closes, so that a stopped server leaves a clean file.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                jetty.stop();
            } catch (Exception stopping) {
                stopping.printStackTrace();
            }
            context.close();
        }));
        jetty.start();
    }

    @Bean
    public JpaStorageSettings storageSettings() {
        JpaStorageSettings settings = new JpaStorageSettings();
        // Hospital data names resources on other servers, so such references are taken as they are.
        settings.setAllowExternalReferences(true);
        settings.setAllowContainsSearches(true);
        settings.setAllowMultipleDelete(true);
        settings.setExpungeEnabled(true);
        settings.setDeleteExpungeEnabled(true);
        // HAPI's package installer passes over what is a draft without a word, and all of ours is.
        settings.setValidateResourceStatusForPackageUpload(false);
        long reuse = Long.parseLong(setting("reuseSearchesForSeconds", "60"));
        settings.setReuseCachedSearchResultsForMillis(reuse == 0 ? null : reuse * 1000);
        return settings;
    }

    @Bean
    public PartitionSettings partitionSettings() {
        return new PartitionSettings();
    }

    @Bean
    public SubscriptionSettings subscriptionSettings() {
        SubscriptionSettings settings = new SubscriptionSettings();
        if (isOn("restHook")) {
            settings.addSupportedSubscriptionType(SubscriptionChannelType.RESTHOOK);
        }
        settings.setSubscriptionChangeQueuedImmediately(true);
        return settings;
    }

    @Bean
    public DataSource dataSource() {
        HikariDataSource source = new HikariDataSource();
        // "retry:" survives the interrupts of a shutdown, which otherwise close the file under H2's feet.
        // H2 writes half a second late by default; without delay every answered write outlives a kill.
        // Old pages of the file are used again at once, or it would grow by 70 kB with each resource.
        source.setJdbcUrl("jdbc:h2:retry:" + setting("database", null)
                + ";DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0;RETENTION_TIME=0;WRITE_DELAY=0");
        source.setUsername("sa");
        source.setMaximumPoolSize(20);
        return source;
    }

    @Bean
    public LocalContainerEntityManagerFactoryBean entityManagerFactory(
            ConfigurableListableBeanFactory beans,
            FhirContext fhir,
            JpaStorageSettings settings,
            DataSource dataSource) {
        LocalContainerEntityManagerFactoryBean factory =
                HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
        factory.setPersistenceUnitName("HAPI_PU");
        factory.setDataSource(dataSource);
        factory.setJpaPropertyMap(Map.of(
                "hibernate.dialect", HapiFhirH2Dialect.class.getName(),
                "hibernate.hbm2ddl.auto", "update",
                "hibernate.jdbc.batch_size", "20",
                "hibernate.search.enabled", "false",
                "hibernate.cache.use_query_cache", "false",
                "hibernate.cache.use_second_level_cache", "false"));
        return factory;
    }

    @Bean
    public JpaTransactionManager transactionManager(EntityManagerFactory factory) {
        return new JpaTransactionManager(factory);
    }

    @Bean
    public DatabaseBinaryContentStorageSvcImpl binaryStorage() {
        return new DatabaseBinaryContentStorageSvcImpl();
    }

    /** None, because $expand on a stored ValueSet fails when this is there and no Lucene index is. */
    @Bean
    public IFulltextSearchSvc fullTextSearchSvc() {
        return null;
    }

    @Bean
    public IEmailSender emailSender() {
        return details -> {};
    }

    @Bean
    public RestfulServer restfulServer(
            FhirContext fhir,
            IFhirSystemDao<?, ?> systemDao,
            IJpaSystemProvider systemProvider,
            ResourceProviderFactory resourceProviders,
            ValueSetOperationProvider valueSets,
            BulkDataExportProvider bulkExport,
            DatabaseBackedPagingProvider paging,
            JpaStorageSettings settings,
            ISearchParamRegistry searchParameters,
            IValidationSupport validation,
            ValidationSettings validationSettings,
            IJobMaintenanceService jobs,
            IPackageInstallerSvc packages) {
        RestfulServer server = new RestfulServer(fhir);
        server.registerProviders(resourceProviders.createProviders());
        server.registerProviders(List.of(systemProvider, valueSets, new PackageDoor(packages)));
        if (isOn("bulkExport")) {
            server.registerProvider(bulkExport);
            // HAPI moves an export on once a minute, and then even the smallest takes four.
            ((JobMaintenanceServiceImpl) jobs).setScheduledJobFrequencyMillis(1000);
        }

        JpaCapabilityStatementProvider capabilities =
                new JpaCapabilityStatementProvider(server, systemDao, settings, searchParameters, validation);
        capabilities.setImplementationDescription("BoneFlag test server");
        server.setServerConformanceProvider(capabilities);

        paging.setDefaultPageSize(20);
        paging.setMaximumPageSize(200);
        server.setPagingProvider(paging);
        server.setDefaultResponseEncoding(EncodingEnum.JSON);

        // No terminology is loaded but ours, so a code that cannot be checked must not fail a resource.
        server.registerInterceptor(new ValidationMessageUnknownCodeSystemPostProcessingInterceptor(
                IValidationSupport.IssueSeverity.WARNING));

        server.registerInterceptor(new TerminologyWatch(validation));

        // HAPI ignores references by default, and then a Flag about an Observation would be valid.
        validationSettings.setLocalReferenceValidationDefaultPolicy(ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS);

        // Without this HAPI refuses unknown search parameters even when asked for handling=lenient.
        SearchPreferHandlingInterceptor unknownParameters = new SearchPreferHandlingInterceptor(searchParameters);
        unknownParameters.setDefaultBehaviour(
                isOn("strictSearch") ? PreferHandlingEnum.STRICT : PreferHandlingEnum.LENIENT);
        server.registerInterceptor(unknownParameters);

        LoggingInterceptor requests = new LoggingInterceptor();
        requests.setLoggerName("boneflag.requests");
        requests.setMessageFormat("${requestVerb} ${requestUrl} ${operationType} ${processingTimeMillis} ms");
        requests.setErrorMessageFormat("${requestVerb} ${requestUrl} failed: ${exceptionMessage}");
        requests.setLogExceptions(true);
        server.registerInterceptor(requests);
        return server;
    }

    /**
     * POST [base]/$install-package?name=…&version=… with the bytes of an npm-style FHIR package: what a
     * HAPI server does at its start with the packages that its settings name. The answer counts what was
     * installed of each type; a resource that could not be is in the log only.
     */
    public record PackageDoor(IPackageInstallerSvc packages) {
        private static final List<String> ALSO = List.of("PlanDefinition", "Library", "Measure");

        @Operation(name = "$install-package", manualRequest = true, manualResponse = true)
        public void install(HttpServletRequest request, HttpServletResponse response) throws IOException {
            PackageInstallationSpec asked = new PackageInstallationSpec()
                    .setName(request.getParameter("name"))
                    .setVersion(request.getParameter("version"))
                    .setPackageContents(request.getInputStream().readAllBytes())
                    .setInstallMode(InstallModeEnum.STORE_AND_INSTALL)
                    // Else HAPI gives every resource an id of its own.
                    .setVersionPolicy(VersionPolicyEnum.SINGLE_VERSION);
            List<String> types = new ArrayList<>(PackageUtils.DEFAULT_INSTALL_TYPES);
            types.addAll(ALSO);
            asked.setInstallResourceTypes(types);
            asked.setReloadExisting(true);
            response.setContentType("application/json");
            response.getWriter().write(JsonUtil.serialize(packages.install(asked)));
        }
    }

    /**
     * HAPI forgets what it knows for validation when a StructureDefinition changes, but keeps CodeSystems
     * and ValueSets for ten minutes. Tests change them and validate at once.
     */
    @Interceptor
    public record TerminologyWatch(IValidationSupport validation) {
        @Hook(Pointcut.STORAGE_PRECOMMIT_RESOURCE_CREATED)
        public void created(IBaseResource resource) {
            if (resource.fhirType().equals("CodeSystem") || resource.fhirType().equals("ValueSet")) {
                validation.invalidateCaches();
            }
        }

        @Hook(Pointcut.STORAGE_PRECOMMIT_RESOURCE_UPDATED)
        public void updated(IBaseResource before, IBaseResource after) {
            created(after);
        }
    }
}
