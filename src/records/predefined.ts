// The properties that every portal has, by type: HubSpot's usual ones, under HubSpot's names. Data only;
// properties.ts makes definitions of it.
import type { FieldType, PropertyType } from './properties.js';
import type { StandardType } from './record.js';

export interface Predefined {
  name: string;
  label: string;
  type: PropertyType;
  fieldType: FieldType;
  groupName: string;
  /** Value and label. */
  options?: readonly (readonly [value: string, label: string])[];
  /** Which values there are is kept elsewhere (owners, pipelines): any is taken. */
  externalOptions?: boolean;
  /** Nobody sets it. */
  readOnly?: boolean;
}

type Row = readonly [
  name: string,
  label: string,
  kind: keyof typeof KINDS,
  more?: Pick<Predefined, 'options' | 'externalOptions' | 'readOnly'>,
];

const KINDS = {
  text: ['string', 'text'],
  textarea: ['string', 'textarea'],
  phone: ['string', 'phonenumber'],
  number: ['number', 'number'],
  date: ['date', 'date'],
  datetime: ['datetime', 'date'],
  select: ['enumeration', 'select'],
  radio: ['enumeration', 'radio'],
  checkbox: ['enumeration', 'checkbox'],
  yesno: ['bool', 'booleancheckbox'],
} as const satisfies Record<string, readonly [PropertyType, FieldType]>;

const READ_ONLY = { readOnly: true } as const;
const ELSEWHERE = { externalOptions: true } as const;
/** Options of which the label is made from the value, as HubSpot does: NOT_STARTED is Not started. */
const named = (values: string) => ({
  options: values.split(' ').map((value) => {
    const words = value.replaceAll('_', ' ').toLowerCase();
    return [value, words.slice(0, 1).toUpperCase() + words.slice(1)] as const;
  }),
});
const same = (...values: string[]) => ({ options: values.map((value) => [value, value] as const) });
const option = (value: string, label: string) => [value, label] as const;

const LIFECYCLE = {
  options: [
    option('subscriber', 'Subscriber'),
    option('lead', 'Lead'),
    option('marketingqualifiedlead', 'Marketing Qualified Lead'),
    option('salesqualifiedlead', 'Sales Qualified Lead'),
    option('opportunity', 'Opportunity'),
    option('customer', 'Customer'),
    option('evangelist', 'Evangelist'),
    option('other', 'Other'),
  ],
};
const LEAD_STATUS = named(
  'NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING',
);
const SOURCES = named(
  'ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE PAID_SOCIAL AI_REFERRALS',
);

/** Every type has these. */
const COMMON: readonly Row[] = [
  ['createdate', 'Create Date', 'datetime', READ_ONLY],
  ['hs_object_id', 'Record ID', 'number', READ_ONLY],
  ['hs_merged_object_ids', 'Merged record IDs', 'checkbox', { ...READ_ONLY, ...ELSEWHERE }],
  ['hubspot_owner_id', 'Owner', 'select', ELSEWHERE],
  ['hubspot_owner_assigneddate', 'Owner assigned date', 'datetime'],
  ['hubspot_team_id', 'HubSpot Team', 'select', ELSEWHERE],
  ['hs_all_owner_ids', 'All owner IDs', 'checkbox', ELSEWHERE],
  ['hs_created_by_user_id', 'Created by user ID', 'number'],
  ['hs_updated_by_user_id', 'Updated by user ID', 'number'],
  ['hs_object_source', 'Record creation source', 'text'],
  ['hs_object_source_id', 'Record creation source ID', 'text'],
  ['notes_last_contacted', 'Last Contacted', 'datetime'],
  ['notes_last_updated', 'Last Activity Date', 'datetime'],
  ['notes_next_activity_date', 'Next Activity Date', 'datetime'],
  ['num_contacted_notes', 'Number of times contacted', 'number'],
  ['num_notes', 'Number of Sales Activities', 'number'],
];
const MODIFIED: Row = ['hs_lastmodifieddate', 'Last Modified Date', 'datetime', READ_ONLY];

const CONTACTS: readonly Row[] = [
  ['email', 'Email', 'text'],
  ['firstname', 'First Name', 'text'],
  ['lastname', 'Last Name', 'text'],
  ['salutation', 'Salutation', 'text'],
  ['phone', 'Phone Number', 'phone'],
  ['mobilephone', 'Mobile Phone Number', 'phone'],
  ['fax', 'Fax Number', 'phone'],
  ['company', 'Company Name', 'text'],
  ['jobtitle', 'Job Title', 'text'],
  ['job_function', 'Job function', 'text'],
  ['seniority', 'Seniority', 'text'],
  ['industry', 'Industry', 'text'],
  ['company_size', 'Company size', 'text'],
  [
    'numemployees',
    'Number of Employees',
    'select',
    same('1-5', '5-25', '25-50', '50-100', '100-500', '500-1000', '1000+'),
  ],
  ['annualrevenue', 'Annual Revenue', 'text'],
  ['website', 'Website URL', 'text'],
  ['address', 'Street Address', 'text'],
  ['city', 'City', 'text'],
  ['state', 'State/Region', 'text'],
  ['zip', 'Postal Code', 'text'],
  ['country', 'Country/Region', 'text'],
  ['hs_language', 'Preferred language', 'select', ELSEWHERE],
  ['hs_timezone', 'Time Zone', 'select', ELSEWHERE],
  ['message', 'Message', 'textarea'],
  ['date_of_birth', 'Date of birth', 'text'],
  ['gender', 'Gender', 'text'],
  ['degree', 'Degree', 'text'],
  ['field_of_study', 'Field of study', 'text'],
  ['school', 'School', 'text'],
  ['graduation_date', 'Graduation date', 'text'],
  ['start_date', 'Start date', 'text'],
  ['marital_status', 'Marital Status', 'text'],
  ['military_status', 'Military status', 'text'],
  ['relationship_status', 'Relationship Status', 'text'],
  ['work_email', 'Work email', 'text'],
  ['twitterhandle', 'Twitter Username', 'text'],
  ['linkedinbio', 'LinkedIn Bio', 'text'],
  ['hs_linkedin_url', 'LinkedIn URL', 'text'],
  ['lifecyclestage', 'Lifecycle Stage', 'radio', LIFECYCLE],
  ['hs_lead_status', 'Lead Status', 'radio', LEAD_STATUS],
  ['hs_persona', 'Persona', 'radio', ELSEWHERE],
  [
    'hs_buying_role',
    'Buying Role',
    'checkbox',
    named(
      'BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER LEGAL_AND_COMPLIANCE OTHER',
    ),
  ],
  ['hs_analytics_source', 'Original Traffic Source', 'select', SOURCES],
  ['hs_latest_source', 'Latest Traffic Source', 'select', SOURCES],
  ['hs_email_domain', 'Email Domain', 'text'],
  ['hs_email_optout', 'Unsubscribed from all email', 'yesno'],
  ['hs_additional_emails', 'Additional email addresses', 'checkbox', { ...READ_ONLY, ...ELSEWHERE }],
  [
    'hs_legal_basis',
    "Legal basis for processing contact's data",
    'checkbox',
    same(
      'Legitimate interest – prospect/lead',
      'Legitimate interest – existing customer',
      'Legitimate interest - other',
      'Performance of a contract',
      'Freely given consent from contact',
      'Not applicable',
    ),
  ],
  ['hs_marketable_status', 'Marketing contact status', 'select', ELSEWHERE],
  ['associatedcompanyid', 'Primary Associated Company ID', 'number'],
  ['num_associated_deals', 'Number of Associated Deals', 'number'],
  ['num_conversion_events', 'Number of Form Submissions', 'number'],
  ['first_conversion_date', 'First Conversion Date', 'datetime'],
  ['recent_conversion_date', 'Recent Conversion Date', 'datetime'],
  ['first_deal_created_date', 'First Deal Created Date', 'datetime'],
  ['recent_deal_amount', 'Recent Deal Amount', 'number'],
  ['recent_deal_close_date', 'Recent Deal Close Date', 'datetime'],
  ['total_revenue', 'Total Revenue', 'number'],
  ['hubspotscore', 'HubSpot Score', 'number'],
  ['closedate', 'Close Date', 'datetime'],
  ['lastmodifieddate', 'Last Modified Date', 'datetime', READ_ONLY],
];

const COMPANIES: readonly Row[] = [
  ['name', 'Company name', 'text'],
  ['domain', 'Company Domain Name', 'text'],
  ['hs_additional_domains', 'Additional Domains', 'checkbox', ELSEWHERE],
  ['website', 'Website URL', 'text'],
  ['phone', 'Phone Number', 'phone'],
  ['description', 'Description', 'textarea'],
  ['about_us', 'About Us', 'textarea'],
  [
    'industry',
    'Industry',
    'select',
    named(
      'ACCOUNTING AIRLINES_AVIATION APPAREL_FASHION ARCHITECTURE_PLANNING ARTS_AND_CRAFTS AUTOMOTIVE AVIATION_AEROSPACE BANKING BIOTECHNOLOGY BROADCAST_MEDIA BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT CAPITAL_MARKETS CHEMICALS CIVIC_SOCIAL_ORGANIZATION CIVIL_ENGINEERING COMMERCIAL_REAL_ESTATE COMPUTER_NETWORK_SECURITY COMPUTER_GAMES COMPUTER_HARDWARE COMPUTER_NETWORKING COMPUTER_SOFTWARE CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS CONSUMER_SERVICES COSMETICS DAIRY DEFENSE_SPACE DESIGN EDUCATION_MANAGEMENT E_LEARNING ELECTRICAL_ELECTRONIC_MANUFACTURING ENTERTAINMENT ENVIRONMENTAL_SERVICES EVENTS_SERVICES FACILITIES_SERVICES FARMING FINANCIAL_SERVICES FINE_ART FISHERY FOOD_BEVERAGES FOOD_PRODUCTION FURNITURE GAMBLING_CASINOS GLASS_CERAMICS_CONCRETE GOVERNMENT_ADMINISTRATION GOVERNMENT_RELATIONS GRAPHIC_DESIGN HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY HUMAN_RESOURCES INDUSTRIAL_AUTOMATION INFORMATION_SERVICES INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNET INVESTMENT_BANKING INVESTMENT_MANAGEMENT LAW_ENFORCEMENT LAW_PRACTICE LEGAL_SERVICES LEISURE_TRAVEL_TOURISM LIBRARIES LOGISTICS_AND_SUPPLY_CHAIN LUXURY_GOODS_JEWELRY MACHINERY MANAGEMENT_CONSULTING MARITIME MARKET_RESEARCH MARKETING_AND_ADVERTISING MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDIA_PRODUCTION MEDICAL_DEVICES MEDICAL_PRACTICE MENTAL_HEALTH_CARE MILITARY MINING_METALS MOTION_PICTURES_AND_FILM MUSEUMS_AND_INSTITUTIONS MUSIC NANOTECHNOLOGY NEWSPAPERS NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY ONLINE_MEDIA OUTSOURCING_OFFSHORING PACKAGE_FREIGHT_DELIVERY PACKAGING_AND_CONTAINERS PAPER_FOREST_PRODUCTS PERFORMING_ARTS PHARMACEUTICALS PHILANTHROPY PHOTOGRAPHY PLASTICS PRIMARY_SECONDARY_EDUCATION PRINTING PROFESSIONAL_TRAINING_COACHING PUBLIC_RELATIONS_AND_COMMUNICATIONS PUBLISHING RAILROAD_MANUFACTURE REAL_ESTATE RECREATIONAL_FACILITIES_AND_SERVICES RELIGIOUS_INSTITUTIONS RENEWABLES_ENVIRONMENT RESEARCH RESTAURANTS RETAIL SECURITY_AND_INVESTIGATIONS SEMICONDUCTORS SHIPBUILDING SPORTING_GOODS SPORTS STAFFING_AND_RECRUITING SUPERMARKETS TELECOMMUNICATIONS TEXTILES THINK_TANKS TOBACCO TRANSLATION_AND_LOCALIZATION TRANSPORTATION_TRUCKING_RAILROAD UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY VETERINARY WAREHOUSING WHOLESALE WINE_AND_SPIRITS WIRELESS WRITING_AND_EDITING',
    ),
  ],
  ['type', 'Type', 'select', named('PROSPECT PARTNER RESELLER VENDOR OTHER')],
  ['address', 'Street Address', 'text'],
  ['address2', 'Street Address 2', 'text'],
  ['city', 'City', 'text'],
  ['state', 'State/Region', 'text'],
  ['zip', 'Postal Code', 'text'],
  ['country', 'Country/Region', 'text'],
  ['timezone', 'Time Zone', 'text'],
  ['numberofemployees', 'Number of Employees', 'number'],
  ['annualrevenue', 'Annual Revenue', 'number'],
  ['founded_year', 'Year Founded', 'text'],
  ['is_public', 'Is Public', 'yesno'],
  ['total_money_raised', 'Total Money Raised', 'text'],
  ['web_technologies', 'Web Technologies', 'checkbox', ELSEWHERE],
  ['twitterhandle', 'Twitter Handle', 'text'],
  ['facebook_company_page', 'Facebook Company Page', 'text'],
  ['linkedin_company_page', 'LinkedIn Company Page', 'text'],
  ['linkedinbio', 'LinkedIn Bio', 'text'],
  ['googleplus_page', 'Google Plus Page', 'text'],
  ['lifecyclestage', 'Lifecycle Stage', 'radio', LIFECYCLE],
  ['hs_lead_status', 'Lead Status', 'radio', LEAD_STATUS],
  [
    'hs_ideal_customer_profile',
    'Ideal Customer Profile Tier',
    'select',
    { options: [option('tier_1', 'Tier 1'), option('tier_2', 'Tier 2'), option('tier_3', 'Tier 3')] },
  ],
  ['hs_is_target_account', 'Target Account', 'yesno'],
  ['hs_analytics_source', 'Original Traffic Source', 'select', SOURCES],
  ['hs_parent_company_id', 'Parent Company', 'number'],
  ['hs_num_child_companies', 'Number of child companies', 'number'],
  ['num_associated_contacts', 'Number of Associated Contacts', 'number'],
  ['num_associated_deals', 'Number of Associated Deals', 'number'],
  ['first_deal_created_date', 'First Deal Created Date', 'datetime'],
  ['recent_deal_amount', 'Recent Deal Amount', 'number'],
  ['recent_deal_close_date', 'Recent Deal Close Date', 'datetime'],
  ['total_revenue', 'Total Revenue', 'number'],
  ['days_to_close', 'Days to Close', 'number'],
  ['closedate', 'Close Date', 'datetime'],
  MODIFIED,
];

const DEALS: readonly Row[] = [
  ['dealname', 'Deal Name', 'text'],
  ['amount', 'Amount', 'number'],
  ['amount_in_home_currency', 'Amount in company currency', 'number'],
  ['deal_currency_code', 'Currency', 'select', ELSEWHERE],
  ['pipeline', 'Pipeline', 'select', { ...ELSEWHERE, options: [option('default', 'Sales Pipeline')] }],
  [
    'dealstage',
    'Deal Stage',
    'radio',
    {
      ...ELSEWHERE,
      options: [
        option('appointmentscheduled', 'Appointment Scheduled'),
        option('qualifiedtobuy', 'Qualified To Buy'),
        option('presentationscheduled', 'Presentation Scheduled'),
        option('decisionmakerboughtin', 'Decision Maker Bought-In'),
        option('contractsent', 'Contract Sent'),
        option('closedwon', 'Closed Won'),
        option('closedlost', 'Closed Lost'),
      ],
    },
  ],
  [
    'dealtype',
    'Deal Type',
    'radio',
    { options: [option('newbusiness', 'New Business'), option('existingbusiness', 'Existing Business')] },
  ],
  ['description', 'Deal Description', 'textarea'],
  ['closedate', 'Close Date', 'datetime'],
  ['closed_lost_reason', 'Closed Lost Reason', 'textarea'],
  ['closed_won_reason', 'Closed Won Reason', 'textarea'],
  ['hs_acv', 'Annual contract value', 'number'],
  ['hs_arr', 'Annual recurring revenue', 'number'],
  ['hs_mrr', 'Monthly recurring revenue', 'number'],
  ['hs_tcv', 'Total contract value', 'number'],
  [
    'hs_priority',
    'Priority',
    'select',
    { options: [option('low', 'Low'), option('medium', 'Medium'), option('high', 'High')] },
  ],
  ['hs_next_step', 'Next step', 'text'],
  ['hs_deal_stage_probability', 'Deal probability', 'number'],
  ['hs_forecast_amount', 'Forecast amount', 'number'],
  ['hs_forecast_probability', 'Forecast probability', 'number'],
  [
    'hs_manual_forecast_category',
    'Forecast category',
    'select',
    named('OMIT PIPELINE BEST_CASE COMMIT CLOSED'),
  ],
  ['hs_analytics_source', 'Original Traffic Source', 'select', SOURCES],
  ['hs_is_closed', 'Is Deal Closed?', 'yesno'],
  ['hs_is_closed_won', 'Is Closed Won', 'yesno'],
  ['hs_projected_amount', 'Weighted amount', 'number'],
  ['hs_campaign', 'HubSpot Campaign', 'text'],
  ['num_associated_contacts', 'Number of Associated Contacts', 'number'],
  ['days_to_close', 'Days to close', 'number'],
  MODIFIED,
];

const TICKETS: readonly Row[] = [
  ['subject', 'Ticket name', 'text'],
  ['content', 'Ticket description', 'textarea'],
  ['hs_pipeline', 'Pipeline', 'select', { ...ELSEWHERE, options: [option('0', 'Support Pipeline')] }],
  [
    'hs_pipeline_stage',
    'Ticket status',
    'select',
    {
      ...ELSEWHERE,
      options: [
        option('1', 'New'),
        option('2', 'Waiting on contact'),
        option('3', 'Waiting on us'),
        option('4', 'Closed'),
      ],
    },
  ],
  [
    'hs_ticket_category',
    'Category',
    'checkbox',
    named('PRODUCT_ISSUE BILLING_ISSUE FEATURE_REQUEST GENERAL_INQUIRY'),
  ],
  ['hs_ticket_priority', 'Priority', 'select', named('LOW MEDIUM HIGH URGENT')],
  ['hs_resolution', 'Resolution', 'select', named('ISSUE_FIXED NO_RESPONSE DUPLICATE NOT_A_BUG')],
  ['hs_ticket_id', 'Ticket ID', 'number'],
  ['source_type', 'Source', 'select', named('CHAT EMAIL FORM PHONE')],
  ['source_ref', 'Reference to source-specific object', 'text'],
  ['source_thread_id', 'Reference to email thread', 'text'],
  ['created_by', 'Created by', 'number'],
  ['closed_date', 'Close date', 'datetime'],
  ['first_agent_reply_date', 'First agent email response date', 'datetime'],
  ['last_reply_date', 'Last customer reply date', 'datetime'],
  ['last_engagement_date', 'Date of last engagement', 'datetime'],
  ['nps_follow_up_answer', 'NPS follow up', 'text'],
  ['nps_score', 'Conversation NPS score', 'text'],
  ['time_to_close', 'Time to close', 'number'],
  ['time_to_first_agent_reply', 'Time to first agent email reply', 'number'],
  ['hs_lastactivitydate', 'Last activity date', 'datetime'],
  ['hs_lastcontacted', 'Last contacted date', 'datetime'],
  ['hs_nextactivitydate', 'Next activity date', 'datetime'],
  ['hs_num_times_contacted', 'Number of times contacted', 'number'],
  ['hs_file_upload', 'File upload', 'text'],
  MODIFIED,
];

const of = (groupName: string, rows: readonly Row[]): readonly Predefined[] =>
  [...rows, ...COMMON].map(([name, label, kind, more = {}]) => {
    const [type, fieldType] = KINDS[kind];
    return { name, label, type, fieldType, groupName, ...more };
  });

/** What records of a custom object have, in its own group. */
export function predefinedOfCustom(groupName: string): readonly Predefined[] {
  const created: Row = ['hs_createdate', 'Object create date/time', 'datetime', READ_ONLY];
  return of(groupName, [created, MODIFIED]).filter(({ name }) => name !== 'createdate');
}

/** By type. */
export const PREDEFINED: Readonly<Record<StandardType, readonly Predefined[]>> = {
  contacts: of('contactinformation', CONTACTS),
  companies: of('companyinformation', COMPANIES),
  deals: of('dealinformation', DEALS),
  tickets: of('ticketinformation', TICKETS),
};

type Group = readonly [name: string, label: string];

/** The groups that every portal has; the first is where properties go that nobody gave one. */
export const PREDEFINED_GROUPS: Readonly<Record<StandardType, readonly [Group, ...Group[]]>> = {
  contacts: [
    ['contactinformation', 'Contact Information'],
    ['emailinformation', 'Email Information'],
    ['analyticsinformation', 'Web Analytics History'],
    ['conversioninformation', 'Conversion Information'],
    ['socialmediainformation', 'Social Media Information'],
  ],
  companies: [
    ['companyinformation', 'Company Information'],
    ['analyticsinformation', 'Web Analytics Information'],
    ['socialmediainformation', 'Social Media Information'],
  ],
  deals: [
    ['dealinformation', 'Deal Information'],
    ['deal_revenue', 'Deal Revenue'],
    ['analyticsinformation', 'Analytics Information'],
  ],
  tickets: [
    ['ticketinformation', 'Ticket Information'],
    ['ticket_activity', 'Ticket Activity'],
  ],
};
